# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_strait_global_optspecs
    string join \n config= flow= format= timeout= color= q/quiet v/verbose h/help V/version
end

function __fish_strait_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_strait_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_strait_using_subcommand
    set -l cmd (__fish_strait_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c strait -n "__fish_strait_needs_command" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_needs_command" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_needs_command" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (lag)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_needs_command" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_needs_command" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_needs_command" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_needs_command" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_needs_command" -s V -l version -d 'Print version'
complete -c strait -n "__fish_strait_needs_command" -f -a "replicate" -d 'Copy topics: create what is missing at the target, then copy until told to stop'
complete -c strait -n "__fish_strait_needs_command" -f -a "status" -d 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
complete -c strait -n "__fish_strait_needs_command" -f -a "lag" -d 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
complete -c strait -n "__fish_strait_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c strait -n "__fish_strait_needs_command" -f -a "man" -d 'Print the manual page, or write all pages to a folder'
complete -c strait -n "__fish_strait_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand replicate" -l metrics -d 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l progress-interval -d 'How often progress is told where stderr is no terminal, and in JSON' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand replicate" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (lag)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand replicate" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand replicate" -l once -d 'Copy to the end offsets seen at the start, then stop'
complete -c strait -n "__fish_strait_using_subcommand replicate" -l until-caught-up -d 'Stop when every partition has been at its end'
complete -c strait -n "__fish_strait_using_subcommand replicate" -l share -d 'Share the partitions with other processes that run the same flows with --share'
complete -c strait -n "__fish_strait_using_subcommand replicate" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand replicate" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand replicate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand status" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand status" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand status" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (lag)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand status" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand status" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand status" -l map -d 'List the runs of the offset maps: records from SOURCE on stand at the target from TARGET on'
complete -c strait -n "__fish_strait_using_subcommand status" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand status" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand lag" -l topic -d 'Only these source topics: a name, a glob, or re: and a regular expression' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l group -d 'Only these consumer groups: a name, a glob, or re: and a regular expression' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l by -d 'What has a row [default: partition; group with --group]' -r -f -a "flow\t'Each flow'
topic\t'Each topic of a flow'
partition\t'Each partition'
group\t'Each consumer group of a flow'"
complete -c strait -n "__fish_strait_using_subcommand lag" -l sort -d 'What comes first' -r -f -a "worst\t'What is wrong, then what waits longest'
seconds\t'What waits longest'
records\t'What has most records to copy'
retention\t'What takes up most of its retention'
name\t'By name'"
complete -c strait -n "__fish_strait_using_subcommand lag" -l over -d 'Warn where this holds, such as \'seconds>60 and records>1000\'' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -s w -l warning -d 'Warn outside this range' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -s c -l critical -d 'Alert outside this range' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l metric -d 'What --warning, --critical and --wait-below are on' -r -f -a "seconds\t'Age of the oldest record that waits'
records\t'Source offsets behind'"
complete -c strait -n "__fish_strait_using_subcommand lag" -l textfile -d 'Write metrics to this file too, for node_exporter; its name ends in .prom' -r -F
complete -c strait -n "__fish_strait_using_subcommand lag" -l samples -d 'Look this often, and tell the trend from the first look to the last' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l interval -d 'Time between looks' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l wait-below -d 'Wait until every partition is below this, for as long as --timeout' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand lag" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (lag)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand lag" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand lag" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand lag" -l all -d 'Show every row, not only the first 20'
complete -c strait -n "__fish_strait_using_subcommand lag" -l watch -d 'Look again and again until stopped; drawn in place on a terminal'
complete -c strait -n "__fish_strait_using_subcommand lag" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand lag" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand lag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand completions" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand completions" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand completions" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (lag)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand completions" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand completions" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand completions" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand completions" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand man" -l dir -d 'Write strait.1 and one page per subcommand to this folder, making it where it is missing' -r -F
complete -c strait -n "__fish_strait_using_subcommand man" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand man" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand man" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (lag)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand man" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand man" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand man" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand man" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status lag completions man help" -f -a "replicate" -d 'Copy topics: create what is missing at the target, then copy until told to stop'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status lag completions man help" -f -a "status" -d 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status lag completions man help" -f -a "lag" -d 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status lag completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status lag completions man help" -f -a "man" -d 'Print the manual page, or write all pages to a folder'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status lag completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

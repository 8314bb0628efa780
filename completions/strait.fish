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
complete -c strait -n "__fish_strait_needs_command" -l format -d 'What stdout carries: text for people, or JSON for programs' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'"
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
complete -c strait -n "__fish_strait_needs_command" -f -a "sandbox" -d 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
complete -c strait -n "__fish_strait_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c strait -n "__fish_strait_needs_command" -f -a "man" -d 'Print the manual page, or write all pages to a folder'
complete -c strait -n "__fish_strait_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand replicate" -l metrics -d 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l progress-interval -d 'How often progress is told where stderr is no terminal, and in JSON' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand replicate" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l format -d 'What stdout carries: text for people, or JSON for programs' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'"
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
complete -c strait -n "__fish_strait_using_subcommand status" -l format -d 'What stdout carries: text for people, or JSON for programs' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'"
complete -c strait -n "__fish_strait_using_subcommand status" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand status" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand status" -l map -d 'List the runs of the offset maps: records from SOURCE on stand at the target from TARGET on'
complete -c strait -n "__fish_strait_using_subcommand status" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand status" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l clusters -d 'The clusters\' names' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l brokers -d 'How many brokers each cluster has' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l topic -d 'A topic and its partitions, in the first cluster or in the one named; may be given several times' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l broker-config -d 'A broker setting, as server.properties has it; may be given several times' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l save -d 'Write a strait.toml with these clusters, and a flow from the first to the second' -r -F
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l format -d 'What stdout carries: text for people, or JSON for programs' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'"
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand sandbox" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand sandbox" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand completions" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand completions" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand completions" -l format -d 'What stdout carries: text for people, or JSON for programs' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'"
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
complete -c strait -n "__fish_strait_using_subcommand man" -l format -d 'What stdout carries: text for people, or JSON for programs' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'"
complete -c strait -n "__fish_strait_using_subcommand man" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand man" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand man" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand man" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status sandbox completions man help" -f -a "replicate" -d 'Copy topics: create what is missing at the target, then copy until told to stop'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status sandbox completions man help" -f -a "status" -d 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status sandbox completions man help" -f -a "sandbox" -d 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status sandbox completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status sandbox completions man help" -f -a "man" -d 'Print the manual page, or write all pages to a folder'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate status sandbox completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

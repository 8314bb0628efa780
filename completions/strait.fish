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
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
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
complete -c strait -n "__fish_strait_needs_command" -f -a "init" -d 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters'
complete -c strait -n "__fish_strait_needs_command" -f -a "replicate" -d 'Copy topics: create what is missing at the target, then copy until told to stop'
complete -c strait -n "__fish_strait_needs_command" -f -a "status" -d 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
complete -c strait -n "__fish_strait_needs_command" -f -a "verify" -d 'Compare the copy with the source, record by record; nothing is changed'
complete -c strait -n "__fish_strait_needs_command" -f -a "validate" -d 'Check the configuration, and the clusters it names; nothing is changed anywhere'
complete -c strait -n "__fish_strait_needs_command" -f -a "demo" -d 'Show the whole story in half a minute, on this machine alone: copy, lose a region, go on'
complete -c strait -n "__fish_strait_needs_command" -f -a "sandbox" -d 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
complete -c strait -n "__fish_strait_needs_command" -f -a "groups" -d 'Move consumer groups\' committed offsets to the target, or translate offsets'
complete -c strait -n "__fish_strait_needs_command" -f -a "topics" -d 'Make the target\'s topics like the source\'s'
complete -c strait -n "__fish_strait_needs_command" -f -a "lag" -d 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
complete -c strait -n "__fish_strait_needs_command" -f -a "failover" -d 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places'
complete -c strait -n "__fish_strait_needs_command" -f -a "failover-test" -d 'Rehearse the loss of a region, on the real clusters or in memory, and account for every record'
complete -c strait -n "__fish_strait_needs_command" -f -a "failback" -d 'Go back to the source of a flow that was ended, with all that came to the target meanwhile'
complete -c strait -n "__fish_strait_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c strait -n "__fish_strait_needs_command" -f -a "man" -d 'Print the manual page, or write all pages to a folder'
complete -c strait -n "__fish_strait_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand init" -l from -d 'Read a MirrorMaker 2 properties file, or a broker\'s server.properties with replicator keys' -r -F
complete -c strait -n "__fish_strait_using_subcommand init" -l from-cluster -d 'Look at a cluster; twice, the source first. SSL://HOST:PORT encrypts, with the system\'s authorities' -r
complete -c strait -n "__fish_strait_using_subcommand init" -l client-properties -d 'How to get in to a cluster: a client\'s properties file, as for --command-config of Kafka\'s tools' -r
complete -c strait -n "__fish_strait_using_subcommand init" -s o -l output -d 'Write to this file, not to stdout' -r -F
complete -c strait -n "__fish_strait_using_subcommand init" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand init" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand init" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand init" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand init" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand init" -l template -d 'Print a commented file with every key'
complete -c strait -n "__fish_strait_using_subcommand init" -l force -d 'Overwrite the file'
complete -c strait -n "__fish_strait_using_subcommand init" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand init" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand replicate" -l metrics -d 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l progress-interval -d 'How often progress is told where stderr is no terminal, and in JSON' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand replicate" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
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
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
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
complete -c strait -n "__fish_strait_using_subcommand verify" -l topic -d 'Only source topics of this pattern; repeatable' -r
complete -c strait -n "__fish_strait_using_subcommand verify" -l since -d 'Only records not older than this: a duration such as 2h, or a time such as 2026-01-31T00:00:00Z' -r
complete -c strait -n "__fish_strait_using_subcommand verify" -l sample -d 'Compare this share of the ranges only, in percent' -r
complete -c strait -n "__fish_strait_using_subcommand verify" -l seed -d 'Decides which ranges are the sample [default: another one each time]' -r
complete -c strait -n "__fish_strait_using_subcommand verify" -l resume -d 'Keep finished ranges in this file, and go on from it' -r -F
complete -c strait -n "__fish_strait_using_subcommand verify" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand verify" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand verify" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand verify" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand verify" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand verify" -l complete -d 'What is not copied yet is missing'
complete -c strait -n "__fish_strait_using_subcommand verify" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand verify" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand validate" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand validate" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand validate" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand validate" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand validate" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand validate" -l offline -d 'Look at the file alone; open no connection, and read no secrets'
complete -c strait -n "__fish_strait_using_subcommand validate" -l strict -d 'Make errors of all warnings'
complete -c strait -n "__fish_strait_using_subcommand validate" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand validate" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand demo" -l rate -d 'Records sent per second' -r
complete -c strait -n "__fish_strait_using_subcommand demo" -l partitions -d 'Partitions of the topic' -r
complete -c strait -n "__fish_strait_using_subcommand demo" -l duration -d 'How long the application works before its region is lost' -r
complete -c strait -n "__fish_strait_using_subcommand demo" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand demo" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand demo" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand demo" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand demo" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand demo" -l keep -d 'Leave both clusters running afterwards, until Ctrl-C'
complete -c strait -n "__fish_strait_using_subcommand demo" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand demo" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l clusters -d 'The clusters\' names' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l brokers -d 'How many brokers each cluster has' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l topic -d 'A topic and its partitions, in the first cluster or in the one named; may be given several times' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l broker-config -d 'A broker setting, as server.properties has it; may be given several times' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l save -d 'Write a strait.toml with these clusters, and a flow from the first to the second' -r -F
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand sandbox" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand sandbox" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand sandbox" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -f -a "sync" -d 'Plan or carry out the move of consumer groups\' committed offsets from source to target'
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -f -a "translate" -d 'Translate offsets between source and target, for applications that keep them themselves'
complete -c strait -n "__fish_strait_using_subcommand groups; and not __fish_seen_subcommand_from sync translate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l group -d 'Only these of the flow\'s groups: a name, a glob or re:EXPRESSION; may be given several times' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l apply -d 'Commit what the plan says'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l allow-rewind -d 'Also take groups back that are further at the target than the source\'s offset says'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -l all -d 'List offsets that are in place, too'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l topic -d 'The topic of the one offset' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l partition -d 'Its partition' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l offset -d 'The one offset' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l reverse -d 'From the target\'s offsets to the source\'s'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -l bare -d 'Print the translations alone, as JSON in the shape of the question'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from translate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from help" -f -a "sync" -d 'Plan or carry out the move of consumer groups\' committed offsets from source to target'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from help" -f -a "translate" -d 'Translate offsets between source and target, for applications that keep them themselves'
complete -c strait -n "__fish_strait_using_subcommand groups; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -f -a "sync" -d 'Make the target\'s topics like the source\'s: partitions, configs, replicas, ACLs; plans by default'
complete -c strait -n "__fish_strait_using_subcommand topics; and not __fish_seen_subcommand_from sync help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l apply -d 'Carry out: a plan made with --out, or what is found now' -r -F
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l out -d 'Write the plan to this file' -r -F
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l throttle -d 'What a broker may spend on moving replicas, such as 50MB/s [default: no limit]' -r
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l only -d 'Only these source topics: a name, a glob, or re: and a regular expression; repeatable' -r
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l exclude -d 'Without these source topics; repeatable' -r
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l detailed-exitcode -d 'End with 0 where nothing is to be done, 2 where there are changes, 1 after an error'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l allow-delete -d 'Delete copies whose topic is gone from the source'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l prune -d 'Take configs away that only the target\'s topic has'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l acls -d 'Copy ACLs of the topics, for reading'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l acl-writes -d 'With --acls: also those that let somebody write at the target'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l fix-replication -d 'Move replicas until their number is provision.replication_factor'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -l clear-throttles -d 'Take throttles away that a run left behind which was killed while it moved replicas'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from help" -f -a "sync" -d 'Make the target\'s topics like the source\'s: partitions, configs, replicas, ACLs; plans by default'
complete -c strait -n "__fish_strait_using_subcommand topics; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
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
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
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
complete -c strait -n "__fish_strait_using_subcommand failover" -l fence-cmd -d 'With --planned: a command that stops the writers; what there is by then is copied before it runs' -r
complete -c strait -n "__fish_strait_using_subcommand failover" -l quiet-for -d 'With --planned: how long nothing may be written to the source before the flow is ended' -r
complete -c strait -n "__fish_strait_using_subcommand failover" -l drain-timeout -d 'With --planned: how long copying the rest and coming to rest may take' -r
complete -c strait -n "__fish_strait_using_subcommand failover" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand failover" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand failover" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand failover" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand failover" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand failover" -l planned -d 'Copy all of the source first: nothing is lost, nothing is doubled'
complete -c strait -n "__fish_strait_using_subcommand failover" -l unplanned -d 'Take what has arrived; the source need not answer'
complete -c strait -n "__fish_strait_using_subcommand failover" -l dry-run -d 'Print what would be done and what is missing; change nothing'
complete -c strait -n "__fish_strait_using_subcommand failover" -l yes -d 'Do not ask'
complete -c strait -n "__fish_strait_using_subcommand failover" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand failover" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand failover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l scenario -d 'What is rehearsed' -r -f -a "region-loss\t'The source region is lost without warning; fail over unplanned, fail back once it is there again'
planned-switch\t'Nothing is lost: writers stop, the rest is copied, everybody moves, and back'
link-flap\t'The copy\'s way to the source breaks again and again; then a planned switch'
slow-link\t'The copy\'s way to the source gets far and narrow; then a planned switch'
replicator-crash\t'The copy is killed in the middle of its work, again and again; then a planned switch'
broker-restart\t'Brokers are restarted under everybody\'s feet (by --fault-cmd and --heal-cmd); then a planned switch'"
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l rate -d 'Records sent per second' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l size -d 'Bytes of each record\'s value' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l partitions -d 'Partitions of the drill\'s topic' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l duration -d 'How long the application works before something befalls it; half as long in each region after that' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l fault-cmd -d 'A command that makes the fault, run by sh -c; in place of the drill\'s own cut' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l heal-cmd -d 'The command that mends it; it is run in any case, also when the drill is interrupted' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l max-rpo -d 'Fail where what is lost is older than this' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l max-rto -d 'Fail where the application goes on in the target region later than this' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l max-duplicates -d 'Fail where more records are processed again than this' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l max-lost -d 'Fail where more acknowledged records are lost than this, announced or not' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l seed -d 'What chance is made of, in hexadecimal; the same number makes the same faults' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l junit -d 'Write a JUnit file, with a test case for each promise' -r -F
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l html -d 'Write one self-contained HTML page, with the timeline' -r -F
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l artifacts -d 'A folder for missing.jsonl, the list of all lost records [default: strait-drill-ID, made where any is lost]' -r -F
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l sandbox -d 'Rehearse on two clusters of three brokers in memory instead of the flow\'s'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l transactional -d 'Write in transactions, of which every seventh is aborted'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l compacted -d 'Use a compacted topic with few keys'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l one-way -d 'End in the target region, without failing back'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l dry-run -d 'Print what would be done; make nothing'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -l keep -d 'Leave topics and groups where they are, for a look'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand failover-test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand failback" -l stranded -d 'What becomes of stranded records: `append` copies them behind what the target has by now, `leave` leaves them at the source alone, `export DIR` does too and writes them to files first' -r
complete -c strait -n "__fish_strait_using_subcommand failback" -l fence-cmd -d 'A command that stops the writers at the target; what there is by then is copied back before it runs' -r
complete -c strait -n "__fish_strait_using_subcommand failback" -l quiet-for -d 'How long nothing may be written to the target before the way back counts as done' -r
complete -c strait -n "__fish_strait_using_subcommand failback" -l drain-timeout -d 'How long copying back and coming to rest may take' -r
complete -c strait -n "__fish_strait_using_subcommand failback" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand failback" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand failback" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
tsv\t'Tab-separated values without a header (lag)'
prometheus\t'The text format that Prometheus scrapes (lag)'
nagios\t'One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag)'"
complete -c strait -n "__fish_strait_using_subcommand failback" -l timeout -d 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]' -r
complete -c strait -n "__fish_strait_using_subcommand failback" -l color -d 'When to use colour; NO_COLOR turns it off too' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c strait -n "__fish_strait_using_subcommand failback" -l begin-only -d 'Begin the flow that goes the other way and stop there: strait replicate can run it'
complete -c strait -n "__fish_strait_using_subcommand failback" -l dry-run -d 'Print what is stranded and what would come back; change nothing'
complete -c strait -n "__fish_strait_using_subcommand failback" -l yes -d 'Do not ask'
complete -c strait -n "__fish_strait_using_subcommand failback" -s q -l quiet -d 'Say only what goes wrong'
complete -c strait -n "__fish_strait_using_subcommand failback" -s v -l verbose -d 'Log what happens to stderr; -vv more, -vvv everything'
complete -c strait -n "__fish_strait_using_subcommand failback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand completions" -l config -d 'The configuration [default: strait.toml, from here up to the repository\'s root, then XDG]' -r -F
complete -c strait -n "__fish_strait_using_subcommand completions" -l flow -d 'Only this flow; may be given several times [default: all flows]' -r
complete -c strait -n "__fish_strait_using_subcommand completions" -l format -d 'What stdout carries: text for people, or JSON for programs; some commands have more' -r -f -a "text\t'For people'
json\t'For programs: one document, or JSON Lines from commands that run long'
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
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
junit\t'JUnit XML, for CI (validate, verify, lag)'
github\t'Annotations of GitHub Actions (validate)'
sarif\t'SARIF 2.1.0, for code scanning (validate)'
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
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "init" -d 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "replicate" -d 'Copy topics: create what is missing at the target, then copy until told to stop'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "status" -d 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "verify" -d 'Compare the copy with the source, record by record; nothing is changed'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "validate" -d 'Check the configuration, and the clusters it names; nothing is changed anywhere'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "demo" -d 'Show the whole story in half a minute, on this machine alone: copy, lose a region, go on'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "sandbox" -d 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "groups" -d 'Move consumer groups\' committed offsets to the target, or translate offsets'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "topics" -d 'Make the target\'s topics like the source\'s'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "lag" -d 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "failover" -d 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "failover-test" -d 'Rehearse the loss of a region, on the real clusters or in memory, and account for every record'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "failback" -d 'Go back to the source of a flow that was ended, with all that came to the target meanwhile'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "man" -d 'Print the manual page, or write all pages to a folder'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from init replicate status verify validate demo sandbox groups topics lag failover failover-test failback completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand help; and __fish_seen_subcommand_from groups" -f -a "sync" -d 'Plan or carry out the move of consumer groups\' committed offsets from source to target'
complete -c strait -n "__fish_strait_using_subcommand help; and __fish_seen_subcommand_from groups" -f -a "translate" -d 'Translate offsets between source and target, for applications that keep them themselves'
complete -c strait -n "__fish_strait_using_subcommand help; and __fish_seen_subcommand_from topics" -f -a "sync" -d 'Make the target\'s topics like the source\'s: partitions, configs, replicas, ACLs; plans by default'


using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'strait' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'strait'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'strait' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters')
            [CompletionResult]::new('replicate', 'replicate', [CompletionResultType]::ParameterValue, 'Copy topics: create what is missing at the target, then copy until told to stop')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Print how far flows are, as they recorded it at the target; nothing is run or changed')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Compare the copy with the source, record by record; nothing is changed')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check the configuration, and the clusters it names; nothing is changed anywhere')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Show the whole story in half a minute, on this machine alone: copy, lose a region, go on')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept')
            [CompletionResult]::new('groups', 'groups', [CompletionResultType]::ParameterValue, 'Move consumer groups'' committed offsets to the target, or translate offsets')
            [CompletionResult]::new('topics', 'topics', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s')
            [CompletionResult]::new('lag', 'lag', [CompletionResultType]::ParameterValue, 'Print how far flows are behind, by records and by seconds; nothing is run or changed')
            [CompletionResult]::new('failover', 'failover', [CompletionResultType]::ParameterValue, 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places')
            [CompletionResult]::new('failover-test', 'failover-test', [CompletionResultType]::ParameterValue, 'Rehearse the loss of a region, on the real clusters or in memory, and account for every record')
            [CompletionResult]::new('failback', 'failback', [CompletionResultType]::ParameterValue, 'Go back to the source of a flow that was ended, with all that came to the target meanwhile')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all pages to a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;init' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read a MirrorMaker 2 properties file, or a broker''s server.properties with replicator keys')
            [CompletionResult]::new('--from-cluster', '--from-cluster', [CompletionResultType]::ParameterName, 'Look at a cluster; twice, the source first. SSL://HOST:PORT encrypts, with the system''s authorities')
            [CompletionResult]::new('--client-properties', '--client-properties', [CompletionResultType]::ParameterName, 'How to get in to a cluster: a client''s properties file, as for --command-config of Kafka''s tools')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, not to stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, not to stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Print a commented file with every key')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite the file')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;replicate' {
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464')
            [CompletionResult]::new('--progress-interval', '--progress-interval', [CompletionResultType]::ParameterName, 'How often progress is told where stderr is no terminal, and in JSON')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Copy to the end offsets seen at the start, then stop')
            [CompletionResult]::new('--until-caught-up', '--until-caught-up', [CompletionResultType]::ParameterName, 'Stop when every partition has been at its end')
            [CompletionResult]::new('--share', '--share', [CompletionResultType]::ParameterName, 'Share the partitions with other processes that run the same flows with --share')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;status' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'List the runs of the offset maps: records from SOURCE on stand at the target from TARGET on')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;verify' {
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Only source topics of this pattern; repeatable')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only records not older than this: a duration such as 2h, or a time such as 2026-01-31T00:00:00Z')
            [CompletionResult]::new('--sample', '--sample', [CompletionResultType]::ParameterName, 'Compare this share of the ranges only, in percent')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Decides which ranges are the sample [default: another one each time]')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Keep finished ranges in this file, and go on from it')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--complete', '--complete', [CompletionResultType]::ParameterName, 'What is not copied yet is missing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;validate' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Look at the file alone; open no connection, and read no secrets')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make errors of all warnings')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;demo' {
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Records sent per second')
            [CompletionResult]::new('--partitions', '--partitions', [CompletionResultType]::ParameterName, 'Partitions of the topic')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'How long the application works before its region is lost')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Leave both clusters running afterwards, until Ctrl-C')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;sandbox' {
            [CompletionResult]::new('--clusters', '--clusters', [CompletionResultType]::ParameterName, 'The clusters'' names')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'How many brokers each cluster has')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'A topic and its partitions, in the first cluster or in the one named; may be given several times')
            [CompletionResult]::new('--broker-config', '--broker-config', [CompletionResultType]::ParameterName, 'A broker setting, as server.properties has it; may be given several times')
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Write a strait.toml with these clusters, and a flow from the first to the second')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;groups' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Plan or carry out the move of consumer groups'' committed offsets from source to target')
            [CompletionResult]::new('translate', 'translate', [CompletionResultType]::ParameterValue, 'Translate offsets between source and target, for applications that keep them themselves')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;groups;sync' {
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Only these of the flow''s groups: a name, a glob or re:EXPRESSION; may be given several times')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--apply', '--apply', [CompletionResultType]::ParameterName, 'Commit what the plan says')
            [CompletionResult]::new('--allow-rewind', '--allow-rewind', [CompletionResultType]::ParameterName, 'Also take groups back that are further at the target than the source''s offset says')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List offsets that are in place, too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;groups;translate' {
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'The topic of the one offset')
            [CompletionResult]::new('--partition', '--partition', [CompletionResultType]::ParameterName, 'Its partition')
            [CompletionResult]::new('--offset', '--offset', [CompletionResultType]::ParameterName, 'The one offset')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--reverse', '--reverse', [CompletionResultType]::ParameterName, 'From the target''s offsets to the source''s')
            [CompletionResult]::new('--bare', '--bare', [CompletionResultType]::ParameterName, 'Print the translations alone, as JSON in the shape of the question')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;groups;help' {
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Plan or carry out the move of consumer groups'' committed offsets from source to target')
            [CompletionResult]::new('translate', 'translate', [CompletionResultType]::ParameterValue, 'Translate offsets between source and target, for applications that keep them themselves')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;groups;help;sync' {
            break
        }
        'strait;groups;help;translate' {
            break
        }
        'strait;groups;help;help' {
            break
        }
        'strait;topics' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;topics;sync' {
            [CompletionResult]::new('--apply', '--apply', [CompletionResultType]::ParameterName, 'Carry out: a plan made with --out, or what is found now')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the plan to this file')
            [CompletionResult]::new('--throttle', '--throttle', [CompletionResultType]::ParameterName, 'What a broker may spend on moving replicas, such as 50MB/s [default: no limit]')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only these source topics: a name, a glob, or re: and a regular expression; repeatable')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Without these source topics; repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'End with 0 where nothing is to be done, 2 where there are changes, 1 after an error')
            [CompletionResult]::new('--allow-delete', '--allow-delete', [CompletionResultType]::ParameterName, 'Delete copies whose topic is gone from the source')
            [CompletionResult]::new('--prune', '--prune', [CompletionResultType]::ParameterName, 'Take configs away that only the target''s topic has')
            [CompletionResult]::new('--acls', '--acls', [CompletionResultType]::ParameterName, 'Copy ACLs of the topics, for reading')
            [CompletionResult]::new('--acl-writes', '--acl-writes', [CompletionResultType]::ParameterName, 'With --acls: also those that let somebody write at the target')
            [CompletionResult]::new('--fix-replication', '--fix-replication', [CompletionResultType]::ParameterName, 'Move replicas until their number is provision.replication_factor')
            [CompletionResult]::new('--clear-throttles', '--clear-throttles', [CompletionResultType]::ParameterName, 'Take throttles away that a run left behind which was killed while it moved replicas')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;topics;help' {
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;topics;help;sync' {
            break
        }
        'strait;topics;help;help' {
            break
        }
        'strait;lag' {
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Only these source topics: a name, a glob, or re: and a regular expression')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Only these consumer groups: a name, a glob, or re: and a regular expression')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What has a row [default: partition; group with --group]')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'What comes first')
            [CompletionResult]::new('--over', '--over', [CompletionResultType]::ParameterName, 'Warn where this holds, such as ''seconds>60 and records>1000''')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Warn outside this range')
            [CompletionResult]::new('--warning', '--warning', [CompletionResultType]::ParameterName, 'Warn outside this range')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Alert outside this range')
            [CompletionResult]::new('--critical', '--critical', [CompletionResultType]::ParameterName, 'Alert outside this range')
            [CompletionResult]::new('--metric', '--metric', [CompletionResultType]::ParameterName, 'What --warning, --critical and --wait-below are on')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'Write metrics to this file too, for node_exporter; its name ends in .prom')
            [CompletionResult]::new('--samples', '--samples', [CompletionResultType]::ParameterName, 'Look this often, and tell the trend from the first look to the last')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Time between looks')
            [CompletionResult]::new('--wait-below', '--wait-below', [CompletionResultType]::ParameterName, 'Wait until every partition is below this, for as long as --timeout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show every row, not only the first 20')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Look again and again until stopped; drawn in place on a terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;failover' {
            [CompletionResult]::new('--fence-cmd', '--fence-cmd', [CompletionResultType]::ParameterName, 'With --planned: a command that stops the writers; what there is by then is copied before it runs')
            [CompletionResult]::new('--quiet-for', '--quiet-for', [CompletionResultType]::ParameterName, 'With --planned: how long nothing may be written to the source before the flow is ended')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'With --planned: how long copying the rest and coming to rest may take')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--planned', '--planned', [CompletionResultType]::ParameterName, 'Copy all of the source first: nothing is lost, nothing is doubled')
            [CompletionResult]::new('--unplanned', '--unplanned', [CompletionResultType]::ParameterName, 'Take what has arrived; the source need not answer')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be done and what is missing; change nothing')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;failover-test' {
            [CompletionResult]::new('--scenario', '--scenario', [CompletionResultType]::ParameterName, 'What is rehearsed')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Records sent per second')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Bytes of each record''s value')
            [CompletionResult]::new('--partitions', '--partitions', [CompletionResultType]::ParameterName, 'Partitions of the drill''s topic')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'How long the application works before something befalls it; half as long in each region after that')
            [CompletionResult]::new('--fault-cmd', '--fault-cmd', [CompletionResultType]::ParameterName, 'A command that makes the fault, run by sh -c; in place of the drill''s own cut')
            [CompletionResult]::new('--heal-cmd', '--heal-cmd', [CompletionResultType]::ParameterName, 'The command that mends it; it is run in any case, also when the drill is interrupted')
            [CompletionResult]::new('--max-rpo', '--max-rpo', [CompletionResultType]::ParameterName, 'Fail where what is lost is older than this')
            [CompletionResult]::new('--max-rto', '--max-rto', [CompletionResultType]::ParameterName, 'Fail where the application goes on in the target region later than this')
            [CompletionResult]::new('--max-duplicates', '--max-duplicates', [CompletionResultType]::ParameterName, 'Fail where more records are processed again than this')
            [CompletionResult]::new('--max-lost', '--max-lost', [CompletionResultType]::ParameterName, 'Fail where more acknowledged records are lost than this, announced or not')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'What chance is made of, in hexadecimal; the same number makes the same faults')
            [CompletionResult]::new('--junit', '--junit', [CompletionResultType]::ParameterName, 'Write a JUnit file, with a test case for each promise')
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'Write one self-contained HTML page, with the timeline')
            [CompletionResult]::new('--artifacts', '--artifacts', [CompletionResultType]::ParameterName, 'A folder for missing.jsonl, the list of all lost records [default: strait-drill-ID, made where any is lost]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Rehearse on two clusters of three brokers in memory instead of the flow''s')
            [CompletionResult]::new('--transactional', '--transactional', [CompletionResultType]::ParameterName, 'Write in transactions, of which every seventh is aborted')
            [CompletionResult]::new('--compacted', '--compacted', [CompletionResultType]::ParameterName, 'Use a compacted topic with few keys')
            [CompletionResult]::new('--one-way', '--one-way', [CompletionResultType]::ParameterName, 'End in the target region, without failing back')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be done; make nothing')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Leave topics and groups where they are, for a look')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;failback' {
            [CompletionResult]::new('--stranded', '--stranded', [CompletionResultType]::ParameterName, 'What becomes of stranded records: `append` copies them behind what the target has by now, `leave` leaves them at the source alone, `export DIR` does too and writes them to files first')
            [CompletionResult]::new('--fence-cmd', '--fence-cmd', [CompletionResultType]::ParameterName, 'A command that stops the writers at the target; what there is by then is copied back before it runs')
            [CompletionResult]::new('--quiet-for', '--quiet-for', [CompletionResultType]::ParameterName, 'How long nothing may be written to the target before the way back counts as done')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'How long copying back and coming to rest may take')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--begin-only', '--begin-only', [CompletionResultType]::ParameterName, 'Begin the flow that goes the other way and stop there: strait replicate can run it')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what is stranded and what would come back; change nothing')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;completions' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;man' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write strait.1 and one page per subcommand to this folder, making it where it is missing')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs; some commands have more')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what goes wrong')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what happens to stderr; -vv more, -vvv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'strait;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters')
            [CompletionResult]::new('replicate', 'replicate', [CompletionResultType]::ParameterValue, 'Copy topics: create what is missing at the target, then copy until told to stop')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Print how far flows are, as they recorded it at the target; nothing is run or changed')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Compare the copy with the source, record by record; nothing is changed')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check the configuration, and the clusters it names; nothing is changed anywhere')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Show the whole story in half a minute, on this machine alone: copy, lose a region, go on')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept')
            [CompletionResult]::new('groups', 'groups', [CompletionResultType]::ParameterValue, 'Move consumer groups'' committed offsets to the target, or translate offsets')
            [CompletionResult]::new('topics', 'topics', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s')
            [CompletionResult]::new('lag', 'lag', [CompletionResultType]::ParameterValue, 'Print how far flows are behind, by records and by seconds; nothing is run or changed')
            [CompletionResult]::new('failover', 'failover', [CompletionResultType]::ParameterValue, 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places')
            [CompletionResult]::new('failover-test', 'failover-test', [CompletionResultType]::ParameterValue, 'Rehearse the loss of a region, on the real clusters or in memory, and account for every record')
            [CompletionResult]::new('failback', 'failback', [CompletionResultType]::ParameterValue, 'Go back to the source of a flow that was ended, with all that came to the target meanwhile')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all pages to a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;help;init' {
            break
        }
        'strait;help;replicate' {
            break
        }
        'strait;help;status' {
            break
        }
        'strait;help;verify' {
            break
        }
        'strait;help;validate' {
            break
        }
        'strait;help;demo' {
            break
        }
        'strait;help;sandbox' {
            break
        }
        'strait;help;groups' {
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Plan or carry out the move of consumer groups'' committed offsets from source to target')
            [CompletionResult]::new('translate', 'translate', [CompletionResultType]::ParameterValue, 'Translate offsets between source and target, for applications that keep them themselves')
            break
        }
        'strait;help;groups;sync' {
            break
        }
        'strait;help;groups;translate' {
            break
        }
        'strait;help;topics' {
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default')
            break
        }
        'strait;help;topics;sync' {
            break
        }
        'strait;help;lag' {
            break
        }
        'strait;help;failover' {
            break
        }
        'strait;help;failover-test' {
            break
        }
        'strait;help;failback' {
            break
        }
        'strait;help;completions' {
            break
        }
        'strait;help;man' {
            break
        }
        'strait;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}

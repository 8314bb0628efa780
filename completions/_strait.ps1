
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
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept')
            [CompletionResult]::new('groups', 'groups', [CompletionResultType]::ParameterValue, 'Move consumer groups'' committed offsets to the target, or translate offsets')
            [CompletionResult]::new('failover', 'failover', [CompletionResultType]::ParameterValue, 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all pages to a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;init' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read a MirrorMaker 2 properties file, or a broker''s server.properties with replicator keys')
            [CompletionResult]::new('--from-cluster', '--from-cluster', [CompletionResultType]::ParameterName, 'Look at a cluster; twice, the source first. SSL://HOST:PORT encrypts, with the system''s authorities')
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
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept')
            [CompletionResult]::new('groups', 'groups', [CompletionResultType]::ParameterValue, 'Move consumer groups'' committed offsets to the target, or translate offsets')
            [CompletionResult]::new('failover', 'failover', [CompletionResultType]::ParameterValue, 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places')
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
        'strait;help;failover' {
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

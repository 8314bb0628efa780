
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
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs')
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
            [CompletionResult]::new('replicate', 'replicate', [CompletionResultType]::ParameterValue, 'Copy topics: create what is missing at the target, then copy until told to stop')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Print how far flows are, as they recorded it at the target; nothing is run or changed')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all pages to a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;replicate' {
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464')
            [CompletionResult]::new('--progress-interval', '--progress-interval', [CompletionResultType]::ParameterName, 'How often progress is told where stderr is no terminal, and in JSON')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs')
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
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs')
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
        'strait;sandbox' {
            [CompletionResult]::new('--clusters', '--clusters', [CompletionResultType]::ParameterName, 'The clusters'' names')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'How many brokers each cluster has')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'A topic and its partitions, in the first cluster or in the one named; may be given several times')
            [CompletionResult]::new('--broker-config', '--broker-config', [CompletionResultType]::ParameterName, 'A broker setting, as server.properties has it; may be given several times')
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Write a strait.toml with these clusters, and a flow from the first to the second')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs')
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
        'strait;completions' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'Only this flow; may be given several times [default: all flows]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs')
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
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs')
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
            [CompletionResult]::new('replicate', 'replicate', [CompletionResultType]::ParameterValue, 'Copy topics: create what is missing at the target, then copy until told to stop')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Print how far flows are, as they recorded it at the target; nothing is run or changed')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all pages to a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'strait;help;replicate' {
            break
        }
        'strait;help;status' {
            break
        }
        'strait;help;sandbox' {
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


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
            [CompletionResult]::new('topics', 'topics', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s')
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
        'strait;topics' {
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
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What stdout carries: text for people, or JSON for programs')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR turns it off too')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'End with 0 where nothing is to be done, 2 where there are changes, 1 after an error')
            [CompletionResult]::new('--allow-delete', '--allow-delete', [CompletionResultType]::ParameterName, 'Delete copies whose topic is gone from the source')
            [CompletionResult]::new('--prune', '--prune', [CompletionResultType]::ParameterName, 'Take configs away that only the target''s topic has')
            [CompletionResult]::new('--acls', '--acls', [CompletionResultType]::ParameterName, 'Copy ACLs of the topics, for reading')
            [CompletionResult]::new('--acl-writes', '--acl-writes', [CompletionResultType]::ParameterName, 'With --acls: also those that let somebody write at the target')
            [CompletionResult]::new('--fix-replication', '--fix-replication', [CompletionResultType]::ParameterName, 'Move replicas until their number is provision.replication_factor')
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
            [CompletionResult]::new('topics', 'topics', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s')
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
        'strait;help;topics' {
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default')
            break
        }
        'strait;help;topics;sync' {
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

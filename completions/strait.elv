
use builtin;
use str;

set edit:completion:arg-completer[strait] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'strait'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'strait'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand topics 'Make the target''s topics like the source''s'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;replicate'= {
            cand --metrics 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464'
            cand --progress-interval 'How often progress is told where stderr is no terminal, and in JSON'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --once 'Copy to the end offsets seen at the start, then stop'
            cand --until-caught-up 'Stop when every partition has been at its end'
            cand --share 'Share the partitions with other processes that run the same flows with --share'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;status'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --map 'List the runs of the offset maps: records from SOURCE on stand at the target from TARGET on'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;topics'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand sync 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;topics;sync'= {
            cand --apply 'Carry out: a plan made with --out, or what is found now'
            cand --out 'Write the plan to this file'
            cand --throttle 'What a broker may spend on moving replicas, such as 50MB/s [default: no limit]'
            cand --only 'Only these source topics: a name, a glob, or re: and a regular expression; repeatable'
            cand --exclude 'Without these source topics; repeatable'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --detailed-exitcode 'End with 0 where nothing is to be done, 2 where there are changes, 1 after an error'
            cand --allow-delete 'Delete copies whose topic is gone from the source'
            cand --prune 'Take configs away that only the target''s topic has'
            cand --acls 'Copy ACLs of the topics, for reading'
            cand --acl-writes 'With --acls: also those that let somebody write at the target'
            cand --fix-replication 'Move replicas until their number is provision.replication_factor'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;topics;help'= {
            cand sync 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;topics;help;sync'= {
        }
        &'strait;topics;help;help'= {
        }
        &'strait;completions'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;man'= {
            cand --dir 'Write strait.1 and one page per subcommand to this folder, making it where it is missing'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;help'= {
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand topics 'Make the target''s topics like the source''s'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;help;replicate'= {
        }
        &'strait;help;status'= {
        }
        &'strait;help;topics'= {
            cand sync 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default'
        }
        &'strait;help;topics;sync'= {
        }
        &'strait;help;completions'= {
        }
        &'strait;help;man'= {
        }
        &'strait;help;help'= {
        }
    ]
    $completions[$command]
}

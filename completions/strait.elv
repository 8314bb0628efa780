
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
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
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
            cand init 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters'
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand validate 'Check the configuration, and the clusters it names; nothing is changed anywhere'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;init'= {
            cand --from 'Read a MirrorMaker 2 properties file, or a broker''s server.properties with replicator keys'
            cand --from-cluster 'Look at a cluster; twice, the source first. SSL://HOST:PORT encrypts, with the system''s authorities'
            cand -o 'Write to this file, not to stdout'
            cand --output 'Write to this file, not to stdout'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --template 'Print a commented file with every key'
            cand --force 'Overwrite the file'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;replicate'= {
            cand --metrics 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464'
            cand --progress-interval 'How often progress is told where stderr is no terminal, and in JSON'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
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
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
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
        &'strait;validate'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --offline 'Look at the file alone; open no connection, and read no secrets'
            cand --strict 'Make errors of all warnings'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;completions'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
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
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
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
            cand init 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters'
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand validate 'Check the configuration, and the clusters it names; nothing is changed anywhere'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;help;init'= {
        }
        &'strait;help;replicate'= {
        }
        &'strait;help;status'= {
        }
        &'strait;help;validate'= {
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


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
            cand sandbox 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
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
        &'strait;sandbox'= {
            cand --clusters 'The clusters'' names'
            cand --brokers 'How many brokers each cluster has'
            cand --topic 'A topic and its partitions, in the first cluster or in the one named; may be given several times'
            cand --broker-config 'A broker setting, as server.properties has it; may be given several times'
            cand --save 'Write a strait.toml with these clusters, and a flow from the first to the second'
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
            cand sandbox 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;help;replicate'= {
        }
        &'strait;help;status'= {
        }
        &'strait;help;sandbox'= {
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


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
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand lag 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
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
        &'strait;lag'= {
            cand --topic 'Only these source topics: a name, a glob, or re: and a regular expression'
            cand --group 'Only these consumer groups: a name, a glob, or re: and a regular expression'
            cand --by 'What has a row [default: partition; group with --group]'
            cand --sort 'What comes first'
            cand --over 'Warn where this holds, such as ''seconds>60 and records>1000'''
            cand -w 'Warn outside this range'
            cand --warning 'Warn outside this range'
            cand -c 'Alert outside this range'
            cand --critical 'Alert outside this range'
            cand --metric 'What --warning, --critical and --wait-below are on'
            cand --textfile 'Write metrics to this file too, for node_exporter; its name ends in .prom'
            cand --samples 'Look this often, and tell the trend from the first look to the last'
            cand --interval 'Time between looks'
            cand --wait-below 'Wait until every partition is below this, for as long as --timeout'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --all 'Show every row, not only the first 20'
            cand --watch 'Look again and again until stopped; drawn in place on a terminal'
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
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand lag 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;help;replicate'= {
        }
        &'strait;help;status'= {
        }
        &'strait;help;lag'= {
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

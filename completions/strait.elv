
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
            cand --config 'Configuration file [default: strait.toml, from here up to the repository''s root, then the XDG folder]'
            cand --flow 'Only this flow (may be given several times) [default: all]'
            cand --format 'How results are printed'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Log what happens on the wire to stderr (-vv for more)'
            cand --verbose 'Log what happens on the wire to stderr (-vv for more)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;replicate'= {
            cand --metrics 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464'
            cand --progress-interval 'How often progress is told'
            cand --config 'Configuration file [default: strait.toml, from here up to the repository''s root, then the XDG folder]'
            cand --flow 'Only this flow (may be given several times) [default: all]'
            cand --format 'How results are printed'
            cand --once 'Copy to the end offsets seen at the start, then stop'
            cand --until-caught-up 'Stop when every partition has been at its end'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Log what happens on the wire to stderr (-vv for more)'
            cand --verbose 'Log what happens on the wire to stderr (-vv for more)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'strait;completions'= {
            cand --config 'Configuration file [default: strait.toml, from here up to the repository''s root, then the XDG folder]'
            cand --flow 'Only this flow (may be given several times) [default: all]'
            cand --format 'How results are printed'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Log what happens on the wire to stderr (-vv for more)'
            cand --verbose 'Log what happens on the wire to stderr (-vv for more)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'strait;man'= {
            cand --config 'Configuration file [default: strait.toml, from here up to the repository''s root, then the XDG folder]'
            cand --flow 'Only this flow (may be given several times) [default: all]'
            cand --format 'How results are printed'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Log what happens on the wire to stderr (-vv for more)'
            cand --verbose 'Log what happens on the wire to stderr (-vv for more)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'strait;help'= {
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;help;replicate'= {
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

# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_strait_global_optspecs
    string join \n config= flow= format= q/quiet v/verbose h/help V/version
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

complete -c strait -n "__fish_strait_needs_command" -l config -d 'Configuration file [default: strait.toml, from here up to the repository\'s root, then the XDG folder]' -r -F
complete -c strait -n "__fish_strait_needs_command" -l flow -d 'Only this flow (may be given several times) [default: all]' -r
complete -c strait -n "__fish_strait_needs_command" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'JSON Lines'"
complete -c strait -n "__fish_strait_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c strait -n "__fish_strait_needs_command" -s v -l verbose -d 'Log what happens on the wire to stderr (-vv for more)'
complete -c strait -n "__fish_strait_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_needs_command" -s V -l version -d 'Print version'
complete -c strait -n "__fish_strait_needs_command" -f -a "replicate" -d 'Copy topics: create what is missing at the target, then copy until told to stop'
complete -c strait -n "__fish_strait_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c strait -n "__fish_strait_needs_command" -f -a "man" -d 'Print the manual page'
complete -c strait -n "__fish_strait_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c strait -n "__fish_strait_using_subcommand replicate" -l metrics -d 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l progress-interval -d 'How often progress is told' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l config -d 'Configuration file [default: strait.toml, from here up to the repository\'s root, then the XDG folder]' -r -F
complete -c strait -n "__fish_strait_using_subcommand replicate" -l flow -d 'Only this flow (may be given several times) [default: all]' -r
complete -c strait -n "__fish_strait_using_subcommand replicate" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'JSON Lines'"
complete -c strait -n "__fish_strait_using_subcommand replicate" -l once -d 'Copy to the end offsets seen at the start, then stop'
complete -c strait -n "__fish_strait_using_subcommand replicate" -l until-caught-up -d 'Stop when every partition has been at its end'
complete -c strait -n "__fish_strait_using_subcommand replicate" -s q -l quiet -d 'Say nothing but errors'
complete -c strait -n "__fish_strait_using_subcommand replicate" -s v -l verbose -d 'Log what happens on the wire to stderr (-vv for more)'
complete -c strait -n "__fish_strait_using_subcommand replicate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand replicate" -s V -l version -d 'Print version'
complete -c strait -n "__fish_strait_using_subcommand completions" -l config -d 'Configuration file [default: strait.toml, from here up to the repository\'s root, then the XDG folder]' -r -F
complete -c strait -n "__fish_strait_using_subcommand completions" -l flow -d 'Only this flow (may be given several times) [default: all]' -r
complete -c strait -n "__fish_strait_using_subcommand completions" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'JSON Lines'"
complete -c strait -n "__fish_strait_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors'
complete -c strait -n "__fish_strait_using_subcommand completions" -s v -l verbose -d 'Log what happens on the wire to stderr (-vv for more)'
complete -c strait -n "__fish_strait_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand completions" -s V -l version -d 'Print version'
complete -c strait -n "__fish_strait_using_subcommand man" -l config -d 'Configuration file [default: strait.toml, from here up to the repository\'s root, then the XDG folder]' -r -F
complete -c strait -n "__fish_strait_using_subcommand man" -l flow -d 'Only this flow (may be given several times) [default: all]' -r
complete -c strait -n "__fish_strait_using_subcommand man" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'JSON Lines'"
complete -c strait -n "__fish_strait_using_subcommand man" -s q -l quiet -d 'Say nothing but errors'
complete -c strait -n "__fish_strait_using_subcommand man" -s v -l verbose -d 'Log what happens on the wire to stderr (-vv for more)'
complete -c strait -n "__fish_strait_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strait -n "__fish_strait_using_subcommand man" -s V -l version -d 'Print version'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate completions man help" -f -a "replicate" -d 'Copy topics: create what is missing at the target, then copy until told to stop'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate completions man help" -f -a "man" -d 'Print the manual page'
complete -c strait -n "__fish_strait_using_subcommand help; and not __fish_seen_subcommand_from replicate completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

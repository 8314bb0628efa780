//! `strait completions`: prints a completion script.

use clap_complete::Shell;

use super::Context;
use crate::exit::Exit;

/// Print the completion script of a shell
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait completions bash > ~/.local/share/bash-completion/completions/strait
  strait completions zsh  > ~/.zfunc/_strait            (a folder on $fpath)
  strait completions fish > ~/.config/fish/completions/strait.fish")]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the script for `command`, the definition of the whole command line.
pub fn run(args: &Args, command: clap::Command, context: &Context) -> Exit {
    context.output.data_bytes(&script(args.shell, command));
    Exit::Done
}

/// Returns the script of one shell.
pub fn script(shell: Shell, mut command: clap::Command) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "strait", &mut script);
    script
}

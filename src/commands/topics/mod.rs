//! `strait topics`: the target's topics, apart from their records.

mod applying;
mod looking;
mod planned;
pub mod sync;
mod telling;

use super::Context;
use crate::exit::Exit;

/// Make the target's topics like the source's
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "Examples:
  strait topics sync              what would be done
  strait topics sync --apply      do it")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    Sync(sync::Args),
}

/// Runs the subcommand.
pub async fn run(args: &Args, context: &Context) -> Exit {
    match &args.command {
        Command::Sync(args) => sync::run(args, context).await,
    }
}

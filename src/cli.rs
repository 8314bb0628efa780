//! The command line as typed, and what it starts.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::commands::{self, replicate};
use crate::exit::Exit;

/// What every exit code means, for help and man pages.
const EXIT_CODES: &str = "Exit codes:
  0    did what was asked; the answer is good
  1    could not do it, or a partition was left behind
  2    usage or configuration error, found before any connection
  10   ran to the end and records are missing or endangered
  130  interrupted (Ctrl-C), after a clean stop
  143  terminated (SIGTERM), after a clean stop";

/// Copies Kafka topics between clusters, batch by batch, and keeps exact positions.
#[derive(Debug, Parser)]
#[command(name = "strait", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options every subcommand takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// Configuration file [default: strait.toml, from here up to the repository's root, then the XDG folder]
    #[arg(long, global = true, env = "STRAIT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Only this flow (may be given several times) [default: all]
    #[arg(long = "flow", global = true, value_name = "NAME")]
    pub flows: Vec<String>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log what happens on the wire to stderr (-vv for more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Names an output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// JSON Lines.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Copy topics: create what is missing at the target, then copy until told to stop
    #[command(after_help = EXIT_CODES)]
    Replicate(ReplicateArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// What `strait replicate` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct ReplicateArgs {
    /// Copy to the end offsets seen at the start, then stop
    #[arg(long)]
    pub once: bool,
    /// Stop when every partition has been at its end
    #[arg(long, conflicts_with = "once")]
    pub until_caught_up: bool,
    /// Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<std::net::SocketAddr>,
    /// How often progress is told
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = parse_duration)]
    pub progress_interval: Duration,
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "a duration such as 10s or 2m".to_owned())
}

/// Returns the definition that completions and manual pages are made from.
pub fn definition() -> clap::Command {
    Cli::command()
}

/// Runs the process's command line.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be told where even this cannot be written.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    start_logging(cli.common.verbose);
    let exit = match cli.command {
        Command::Replicate(args) => replicate::main(&cli.common, &args),
        Command::Completions { shell } => commands::completions(shell),
        Command::Man => commands::man(),
    };
    exit.into()
}

fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();
}

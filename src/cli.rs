//! The command line: what may be typed, and what it means.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::commands::replicate::positive_duration;
use crate::commands::{
    Context, completions, demo, failback, failover, failover_test, groups, init, lag, man, replicate,
    sandbox, status, topics, validate, verify,
};
use crate::exit::Exit;
use crate::report::document::Document;
use crate::report::lag_nagios;
use crate::report::output::{Format, Output, OutputSettings};
use crate::report::problem::{Problem, Scope};
use crate::report::style::ColorWish;
use crate::types::FlowName;

/// Copies Kafka topics between clusters, batch by batch, and keeps exact positions
#[derive(Debug, Parser)]
#[command(name = "strait", version, arg_required_else_help = true, max_term_width = 100)]
#[command(infer_long_args = false, after_help = AFTER_HELP)]
struct Typed {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "Examples:
  strait init                             asks a few questions and writes strait.toml
  strait replicate                        copy every flow of strait.toml until stopped
  strait replicate --flow us-eu --once    copy what is there now, then stop
  strait replicate --format json -q       events as JSON Lines on stdout
  strait status                           how far flows are, without running them
  strait validate                         what is wrong with the configuration and the clusters
  strait verify                           the copy against the source, record by record
  strait demo                             the whole story in half a minute, on this machine alone
  strait sandbox --topic orders:12        two Kafka clusters in memory, to try things on
  strait groups sync --apply              move consumer groups to the target
  strait topics sync                      what the target's topics need; --apply does it
  strait lag                              how far flows are behind, by records and seconds
  strait failover --unplanned --dry-run   what would be missing at the target now
  strait failover-test --sandbox          rehearse the loss of a region, in memory
  strait failback --dry-run               what the old source kept, and what comes back
  strait completions bash                 completion script for a shell
  strait man | man -l -                   the manual

Exit codes:
  0    did what was asked; the answer is good
  1    could not do it, or any item failed
  2    usage or configuration error, found before any connection
  10   ran to the end and the answer is bad, as where records are missing
  11   inconclusive: some of the answer is unknown
  130  interrupted (Ctrl-C), 143 terminated (SIGTERM), after a clean stop

Data goes to stdout, words to stderr.";

/// Options that every subcommand takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Common options")]
struct Common {
    /// The configuration [default: strait.toml, from here up to the repository's root, then XDG]
    #[arg(long, global = true, value_name = "FILE", env = "STRAIT_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,

    /// Only this flow; may be given several times [default: all flows]
    #[arg(long = "flow", global = true, value_name = "NAME", value_parser = flow_name)]
    flows: Vec<FlowName>,

    /// What stdout carries: text for people, or JSON for programs; some commands have more
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Keep trying this long to reach the clusters at the start, such as 2m [default: one try]
    #[arg(long, global = true, value_name = "DURATION", value_parser = positive_duration)]
    timeout: Option<Duration>,

    /// When to use colour; NO_COLOR turns it off too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorWish,

    /// Say only what goes wrong
    #[arg(short, long, global = true)]
    quiet: bool,

    /// Log what happens to stderr; -vv more, -vvv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Replicate(replicate::Args),
    Status(status::Args),
    Verify(verify::Args),
    Validate(validate::Args),
    Demo(demo::Args),
    Sandbox(sandbox::Args),
    Groups(groups::Args),
    Topics(topics::Args),
    Lag(Box<lag::Args>),
    Failover(failover::Args),
    FailoverTest(Box<failover_test::Args>),
    Failback(failback::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Returns the definition of the whole command line, from which help, manual and completions come.
pub fn definition() -> clap::Command {
    Typed::command()
}

/// Runs the command the process was started with and says how it ended.
pub fn main() -> Exit {
    let words: Vec<OsString> = std::env::args_os().collect();
    match Typed::try_parse_from(&words) {
        Ok(typed) => {
            if let Some(error) = wrong_format(&typed) {
                return refuse(&error, &words);
            }
            let (context, verbose) = meaning(typed.common);
            start_logging(&context.output, verbose);
            let exit = dispatch(&typed.command, &context);
            settle(exit, &context.output)
        }
        Err(error) => refuse(&error, &words),
    }
}

/// Refuses a format that the command does not have.
fn wrong_format(typed: &Typed) -> Option<clap::Error> {
    let formats = match typed.command {
        Command::Validate(_) => validate::FORMATS,
        Command::Init(_) => init::FORMATS,
        Command::Verify(_) => verify::FORMATS,
        Command::Lag(_) => lag::FORMATS,
        _ => &[Format::Text, Format::Json],
    };
    let word = |format: &Format| format.to_possible_value().map(|value| value.get_name().to_owned());
    (!formats.contains(&typed.common.format)).then(|| {
        let known: Vec<String> = formats.iter().filter_map(word).collect();
        let typed = word(&typed.common.format).unwrap_or_default();
        let message = format!("this command has no --format {typed}; it has {}", known.join(", "));
        definition().error(clap::error::ErrorKind::ValueValidation, message)
    })
}

/// Turns what was typed into what it means.
fn meaning(common: Common) -> (Context, u8) {
    let settings = OutputSettings { format: common.format, quiet: common.quiet, color: common.color };
    let mut flows = common.flows;
    flows.sort();
    flows.dedup();
    let output = Output::for_process(settings);
    (Context { config: common.config, flows, timeout: common.timeout, output }, common.verbose)
}

fn dispatch(command: &Command, context: &Context) -> Exit {
    match command {
        Command::Init(args) => on_runtime(context, init::run(args, context)),
        Command::Replicate(args) => on_runtime(context, replicate::run(args, context)),
        Command::Status(args) => on_runtime(context, status::run(args, context)),
        Command::Verify(args) => on_runtime(context, verify::run(args, context)),
        Command::Validate(args) => on_runtime(context, validate::run(args, context)),
        Command::Demo(args) => on_runtime(context, demo::run(args, context)),
        Command::Sandbox(args) => on_runtime(context, sandbox::run(args, context)),
        Command::Groups(args) => on_runtime(context, groups::run(args, context)),
        Command::Topics(args) => on_runtime(context, topics::run(args, context)),
        Command::Lag(args) => on_runtime(context, lag::run(args, context)),
        Command::Failover(args) => on_runtime(context, failover::run(args, context)),
        Command::FailoverTest(args) => on_runtime(context, failover_test::run(args, context)),
        Command::Failback(args) => on_runtime(context, failback::run(args, context)),
        Command::Completions(args) => completions::run(args, definition(), context),
        Command::Man(args) => man::run(args, definition(), context),
    }
}

/// Runs to the end.
fn on_runtime(context: &Context, work: impl Future<Output = Exit>) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(work);
            // A name look-up that still blocks must not hold up the end.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            let problem = Problem::new("runtime", Scope::Command, "cannot start the worker threads")
                .cause(error.to_string())
                .hint("raise the limit on threads of this user or container");
            context.output.problem(&problem);
            Exit::Failed
        }
    }
}

/// Reports data that did not reach stdout: such a run did not do what was asked.
fn settle(exit: Exit, output: &Output) -> Exit {
    let Some(error) = output.failure() else { return exit };
    let problem = Problem::new("stdout", Scope::Command, "cannot write to stdout").cause(error.to_string());
    output.problem(&problem);
    if exit == Exit::Done { Exit::Failed } else { exit }
}

/// Prints what clap has to say: help and version as data, a usage error as words (and as a JSON
/// document where JSON was asked for).
fn refuse(error: &clap::Error, words: &[OsString]) -> Exit {
    let (format, color) = glance(words);
    let output = Output::for_process(OutputSettings { format, quiet: false, color });
    let text = error.render();
    if !error.use_stderr() {
        output.data(&if output.stdout_style().color { text.ansi().to_string() } else { text.to_string() });
        return settle(Exit::Done, &output);
    }
    let message = text.to_string();
    let summary = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    if format == Format::Nagios {
        // What a monitoring system shows is stdout, and a usage error is UNKNOWN to it.
        output.data(&lag_nagios::unknown(&summary));
        return settle(Exit::PluginUnknown, &output);
    }
    if format == Format::Json {
        let problem = Problem::new("usage", Scope::Command, summary).hint("see strait --help");
        Document::<()>::failed("strait/usage/v1", Exit::Usage, &[problem]).print(&output);
    }
    output.words(&if output.stderr_color() { text.ansi().to_string() } else { text.to_string() });
    Exit::Usage
}

/// Looks for `--format` and `--color` in a command line that could not be read as a whole.
fn glance(words: &[OsString]) -> (Format, ColorWish) {
    let value = |name: &str| {
        words.iter().enumerate().rev().find_map(|(index, word)| {
            let rest = word.to_str()?.strip_prefix(name)?;
            match rest.strip_prefix('=') {
                Some(value) => Some(value.to_owned()),
                None if rest.is_empty() => words.get(index + 1)?.to_str().map(str::to_owned),
                None => None,
            }
        })
    };
    (read_or_default(value("--format")), read_or_default(value("--color")))
}

fn read_or_default<T: clap::ValueEnum + Default>(text: Option<String>) -> T {
    text.and_then(|text| T::from_str(&text, false).ok()).unwrap_or_default()
}

/// Sends log events to stderr where `-v` asks for them; what an operator must know is reported
/// without it.
fn start_logging(output: &Output, verbose: u8) {
    let filter = match verbose {
        0 => return,
        1 => "strait=info",
        2 => "strait=debug,info",
        _ => "trace",
    };
    let writer = output.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_ansi(output.stderr_color())
        .with_writer(move || writer.log_line())
        .finish();
    // Fails only where a subscriber is already set, as when a test runs this twice.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Reads a flow's name, which becomes part of topic and transactional ids.
fn flow_name(text: &str) -> Result<FlowName, FlowNameError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.chars().all(fits) { Ok(FlowName::from(text)) } else { Err(FlowNameError) }
}

/// Says that a text cannot be a flow's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a flow's name has only letters, digits, _ and -")]
struct FlowNameError;

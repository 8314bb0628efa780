//! `strait demo`: two regions in memory, an application, a copy, and the loss of one region.

mod keep;
mod regions;
mod story;

use std::time::Duration;

use serde::Serialize;

use self::story::Story;
use super::replicate::positive_duration;
use super::{Context, signals};
use crate::config::ConfigFailure;
use crate::drill::application::ApplicationError;
use crate::drill::link::LinkError;
use crate::drill::log::ReadError;
use crate::drill::verdict::Verdict;
use crate::exit::Exit;
use crate::kafka::error::ConnectError;
use crate::report::document::Document;
use crate::report::drill::outcome::DrillOutcome;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::sandbox::ClusterError;

/// The shape of the document `--format json` prints.
pub const SCHEMA: &str = "strait/demo/v1";
/// Most records per second; beyond it a small machine would measure itself.
const RATE_MAX: u32 = 20_000;
/// Most partitions.
const PARTITIONS_MAX: i32 = 30;

/// Show the whole story in half a minute, on this machine alone: copy, lose a region, go on
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait demo                          two regions of three brokers each, in memory
  strait demo --keep                   and leave them running, with commands to try
  strait demo --rate 5000 --duration 20s
  strait demo --format json            the verdict for programs

An application writes numbered orders to region us and processes them there; Strait copies them to
region eu and moves the consumer group's offsets along. Then us is cut off, and the application goes
on in eu. In the end every record is accounted for. Nothing is read from strait.toml, and nothing
outside this machine is spoken to.

Exit codes:
  0    PASS: every promise was kept
  1    the demo could not run
  2    usage error
  10   FAIL: a promise was broken
  11   INCONCLUSIVE: too little happened to tell
  130  interrupted (Ctrl-C), 143 terminated (SIGTERM)")]
pub struct Args {
    /// Records sent per second
    #[arg(long, value_name = "COUNT", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    rate: u32,

    /// Partitions of the topic
    #[arg(long, value_name = "COUNT", default_value = "6", value_parser = clap::value_parser!(i32).range(1..=i64::from(PARTITIONS_MAX)))]
    partitions: i32,

    /// How long the application works before its region is lost
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = positive_duration)]
    duration: Duration,

    /// Leave both clusters running afterwards, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// Says why the demo could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    /// A sandbox cluster.
    #[error("a cluster in memory failed")]
    Sandbox(#[from] ClusterError),
    /// The demo's own configuration.
    #[error("the demo's own configuration is not sound")]
    Configuration(ConfigFailure),
    /// A connection.
    #[error("a cluster in memory cannot be reached")]
    Connect(#[from] ConnectError),
    /// An application's client.
    #[error("a client failed")]
    Client(#[from] rdkafka::error::KafkaError),
    /// The application.
    #[error(transparent)]
    Application(#[from] ApplicationError),
    /// The copy.
    #[error(transparent)]
    Link(Box<LinkError>),
    /// The target's log.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A defect.
    #[error("a part of the demo ended by a defect of Strait")]
    Defect(#[source] tokio::task::JoinError),
    /// Something did not happen.
    #[error("{what} did not happen within {patience:?}")]
    Late {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        patience: Duration,
    },
    /// The topic at the target is not as it was asked for.
    #[error("the topic at the target has {} partitions, one of them with {} replicas", .0.partitions, .0.replicas_min)]
    Shape(crate::drill::log::Shape),
    /// A file.
    #[error("the configuration for --keep cannot be written")]
    Save(#[source] std::io::Error),
}

impl From<LinkError> for DemoError {
    fn from(error: LinkError) -> Self {
        Self::Link(Box::new(error))
    }
}

#[derive(Serialize)]
struct Data<'a> {
    topic: &'a str,
    group: &'a str,
    partitions: i32,
    #[serde(flatten)]
    outcome: &'a DrillOutcome,
}

/// Plays the story, prints the verdict, and with `--keep` waits.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let story = Story::new(args.clone(), context.output.clone());
    // Of its own, so that what it holds is let go by the runtime and not by who waits for a signal.
    let mut playing = tokio::spawn(story.play());
    let played = tokio::select! {
        played = &mut playing => played,
        exit = signals::next() => {
            playing.abort();
            return interrupted(context, exit);
        }
    };
    let ended = match played.map_err(DemoError::Defect).and_then(|played| played) {
        Ok(ended) => ended,
        Err(error) => return failed(context, &error),
    };
    let exit = tell(context, args, ended.verdict, &ended.outcome);
    if args.keep
        && let Err(error) = keep::keep(context, &ended.regions, ended.topic).await
    {
        return failed(context, &error);
    }
    exit
}

fn tell(context: &Context, args: &Args, verdict: Verdict, outcome: &DrillOutcome) -> Exit {
    let (output, exit) = (&context.output, verdict.exit());
    if output.format() == Format::Json {
        let (topic, group, partitions) = (story::TOPIC, story::GROUP, args.partitions);
        let data = Some(Data { topic, group, partitions, outcome });
        let (status, exit_code) = (exit.status(), exit.code());
        Document { schema: SCHEMA, status, exit_code, data, errors: Vec::new() }.print(output);
        return exit;
    }
    output.data(&format!("{}\n\n{}\n", outcome.figures(), outcome.promises()));
    output.data(&outcome.line(output.stdout_style()));
    exit
}

fn interrupted(context: &Context, exit: Exit) -> Exit {
    if context.output.format() == Format::Json {
        Document::<()>::failed(SCHEMA, exit, &[]).print(&context.output);
    } else {
        context.output.say("The demo was interrupted; its clusters are gone.");
    }
    exit
}

fn failed(context: &Context, error: &DemoError) -> Exit {
    let problem = Problem::new("demo", Scope::Command, error.to_string());
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    let problem = if causes.is_empty() { problem } else { problem.cause(causes.join(": ")) };
    let problem = problem.hint("a lower --rate, where this machine is busy; -v shows what happens");
    context.output.problem(&problem);
    if context.output.format() == Format::Json {
        Document::<()>::failed(SCHEMA, Exit::Failed, std::slice::from_ref(&problem)).print(&context.output);
    }
    Exit::Failed
}

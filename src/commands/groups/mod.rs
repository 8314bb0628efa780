//! `strait groups`: consumer groups that move with their topics.

pub(in crate::commands) mod sync;
mod translate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::replicate::flow::open;
use super::{Context, flows};
use crate::config::settings::{FlowSettings, Settings};
use crate::engine::state_topic::NAME_PREFIX;
use crate::exit::Exit;
use crate::kafka::cluster::Cluster;
use crate::report::document::Document;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::types::TopicName;

/// How long each question to a cluster is repeated.
const PATIENCE: Duration = Duration::from_secs(15);

/// Move consumer groups' committed offsets to the target, or translate offsets
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait groups sync --apply                               move the flows' groups
  strait groups translate offsets.json --bare              translate what an application keeps itself

strait replicate moves the groups named in a flow's groups = [...] along by itself.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    Sync(sync::Args),
    Translate(translate::Args),
}

/// Carries out one of them.
pub async fn run(args: &Args, context: &Context) -> Exit {
    match &args.command {
        Command::Sync(args) => sync::run(args, context).await,
        Command::Translate(args) => translate::run(args, context).await,
    }
}

fn refuse(context: &Context, schema: &'static str, refusal: &flows::Refusal) -> Exit {
    match &refusal.drawing {
        Some(drawing) => context.output.words(drawing),
        None => refusal.problems.iter().for_each(|problem| context.output.problem(problem)),
    }
    if context.output.format() == Format::Json {
        Document::<()>::failed(schema, Exit::Usage, &refusal.problems).print(&context.output);
    }
    Exit::Usage
}

/// Opens both ends of a flow.
async fn open_both(
    settings: &Settings,
    flow: &FlowSettings,
    timeout: Option<Duration>,
) -> Result<(Cluster, Cluster), Box<Problem>> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let of = |alias| Arc::new(settings.clusters[alias].clone());
    let opened =
        tokio::try_join!(open(of(&flow.source), deadline, |_| {}), open(of(&flow.target), deadline, |_| {}));
    let (source, target) = opened.map_err(|error| Problem::from(&error))?;
    if source.id() == target.id() {
        let what = format!("source and target of flow \"{}\" are one cluster", flow.name);
        let problem = Problem::new("one_cluster", Scope::Flow(flow.name.to_string()), what)
            .place(format!("clusters {} and {}", flow.source, flow.target))
            .cause(format!("both report the id {}", source.id()))
            .hint("correct bootstrap_servers of one of them");
        return Err(Box::new(problem));
    }
    Ok((source, target))
}

fn state_topic(flow: &FlowSettings) -> TopicName {
    TopicName::new(format!("{NAME_PREFIX}{}", flow.name))
}

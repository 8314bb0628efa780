//! `strait failover`: end a flow at the target, so that the applications can go on there.

pub(super) mod draining;
pub(super) mod told;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::told::Told;
use super::hidden::hidden;
use super::replicate::flow::open;
use super::replicate::positive_duration;
use super::{Context, confirm, flows};
use crate::config::settings::{FlowSettings, Settings};
use crate::engine::ended::{EndKind, Ended};
use crate::engine::state_topic::NAME_PREFIX;
use crate::exit::Exit;
use crate::failover::drain::Rest;
use crate::failover::ending::{Ending, Leave, PATIENCE};
use crate::failover::whole::{self, FailedOver, FailoverError};
use crate::kafka::cluster::Cluster;
use crate::report::document::Document;
use crate::report::failover::SCHEMA;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::types::TopicPartition;

/// How long an unplanned failover waits for a source that may be gone.
const SOURCE_PATIENCE: Duration = Duration::from_secs(5);

/// End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait failover --flow us-eu --planned                copy all of the source first, then end the flow
  strait failover --flow us-eu --planned --fence-cmd './stop-writers.sh' --yes
  strait failover --flow us-eu --unplanned --dry-run    what is known to be missing; nothing is changed
  strait failover --flow us-eu --unplanned --yes        end the flow, whether the source answers or not

A flow that was ended stays ended: strait replicate refuses it, and a process that was only suspended
cannot write any more. Interrupted, the same command goes on where it stopped.

Exit codes:
  0    the flow is ended, and nothing is known to be missing at the target
  1    the flow is not ended, or not wholly: run it again
  2    usage or configuration error, found before any connection
  10   the flow is ended; records are known to be missing, or a group is not in its place
  11   the flow is ended; of a partition or a group it is not known")]
pub struct Args {
    /// Copy all of the source first: nothing is lost, nothing is doubled
    #[arg(long, required_unless_present = "unplanned", conflicts_with = "unplanned")]
    planned: bool,

    /// Take what has arrived; the source need not answer
    #[arg(long)]
    unplanned: bool,

    /// With --planned: a command that stops the writers; what there is by then is copied before it runs
    #[arg(long, value_name = "COMMAND", conflicts_with = "unplanned")]
    fence_cmd: Option<String>,

    /// With --planned: how long nothing may be written to the source before the flow is ended
    #[arg(long, value_name = "DURATION", conflicts_with = "unplanned")]
    #[arg(default_value = "5s", value_parser = positive_duration)]
    quiet_for: Duration,

    /// With --planned: how long copying the rest and coming to rest may take
    #[arg(long, value_name = "DURATION", conflicts_with = "unplanned")]
    #[arg(default_value = "10m", value_parser = positive_duration)]
    drain_timeout: Duration,

    /// Print what would be done and what is missing; change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
}

/// Reads the configuration, plans, asks, and ends the flow.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let (settings, flow) = match one_flow(args, context) {
        Ok(found) => found,
        Err(refusal) => return refusal.tell(context, SCHEMA),
    };
    match story(args, context, &settings, &flow).await {
        Ok(told) => told.print(context),
        Err(problem) => {
            context.output.problem(&problem);
            if context.output.format() == Format::Json {
                Document::<()>::failed(SCHEMA, Exit::Failed, &[*problem]).print(&context.output);
            }
            Exit::Failed
        }
    }
}

/// Picks the flow; it has to be one, named or the only one, and somebody has to have agreed.
fn one_flow(args: &Args, context: &Context) -> Result<(Settings, FlowSettings), flows::Refusal> {
    let (settings, flow) = flows::only_one(context, "one flow is failed over at a time")?;
    if !args.dry_run && !args.yes {
        confirm::refuse_unasked(context, "failover")?;
    }
    Ok((settings, flow))
}

async fn story(
    args: &Args,
    context: &Context,
    settings: &Settings,
    flow: &FlowSettings,
) -> Result<Told, Box<Problem>> {
    let how = if args.planned { EndKind::Planned } else { EndKind::Unplanned };
    let (target, source) = clusters(args, context, settings, flow).await?;
    let mut ending = Ending::new(&target, flow);
    if !ending.read().await.map_err(|error| Problem::from(&error))? {
        let topic = ending.state_topic().clone();
        return Err(told::not_ended(flow, FailoverError::NeverRan { topic }));
    }
    let ended = ending.ended().cloned();
    if let Some(ended) = ended.as_ref().filter(|ended| ended.how != how && args.planned) {
        return Err(Box::new(was_unplanned(flow, ended)));
    }
    let is_done = ended.as_ref().is_some_and(|ended| ended.done_ms.is_some());
    let mut told = Told::new(flow, ended.as_ref().map_or(how, |ended| ended.how), args.dry_run);
    if is_done || args.dry_run || !args.yes {
        let source = source.as_ref().filter(|_| !is_done);
        let source = source.map(|source| (source, patience(&told)));
        let looked = whole::look(&mut ending, &target, flow, source, None).await;
        told.take(flow, looked.map_err(|error| Problem::from(&error))?);
        if let Some((source, patience)) = source {
            told.note_hidden(hidden(source, flow, |_| true, patience).await);
        }
        told.ended = ending.ended().cloned();
    }
    if is_done || args.dry_run {
        return Ok(told);
    }
    if !args.yes {
        told.show_plan(context);
        let question = format!("End flow \"{}\" now?", flow.name);
        confirm::ask(context, flow, ("failover", question))?;
    }
    let mut caught_up = None;
    if let (None, true, Some(source)) = (&ended, args.planned, &source) {
        let of_flow = |partition: &TopicPartition| flow.topics.matches(partition.topic.as_str());
        let expected: Vec<_> = ending.partitions().into_iter().filter(of_flow).collect();
        let rest = Rest { quiet_for: args.quiet_for, timeout: args.drain_timeout };
        let how = (args.fence_cmd.as_deref(), rest);
        caught_up = Some(draining::drain(context, (source, &target), flow, &expected, how).await?);
    }
    let leave = caught_up.as_ref().map_or(Leave::Unplanned, Leave::Planned);
    end(&mut told, (&mut ending, &target, source.as_ref()), flow, leave).await?;
    Ok(told)
}

/// Ends the flow; every step may have been taken by an earlier run, whose record then stands.
async fn end(
    told: &mut Told,
    (ending, target, source): (&mut Ending<'_>, &Cluster, Option<&Cluster>),
    flow: &FlowSettings,
    leave: Leave<'_>,
) -> Result<(), Box<Problem>> {
    let source = source.map(|source| (source, patience(told)));
    let done = whole::end(ending, target, flow, source, leave).await;
    let FailedOver { ended, looked, unfenced } = done.map_err(|error| told::not_ended(flow, error))?;
    told.note_open(flow, unfenced.iter());
    told.take(flow, looked);
    if let Some((source, patience)) = source {
        told.note_hidden(hidden(source, flow, |_| true, patience).await);
    }
    told.is_ended_now = true;
    told.ended = Some(ended);
    if told.how == EndKind::Planned && !told.source_answered && !flow.groups.is_empty() {
        told.group_problems.push((Exit::Bad, groups_not_moved(flow)));
    }
    Ok(())
}

/// Says how long the source is waited for.
fn patience(told: &Told) -> Duration {
    if told.how == EndKind::Planned { PATIENCE } else { SOURCE_PATIENCE }
}

fn groups_not_moved(flow: &FlowSettings) -> Problem {
    let what = "the groups were not moved to where they are at the source";
    Problem::new("groups_not_moved", Scope::Flow(flow.name.to_string()), what)
        .place(format!("cluster {}", flow.source))
        .cause("it did not answer any more when all was copied; the groups stand where replicate moved them last")
        .hint("strait groups sync --apply moves them, once the source answers")
}

fn was_unplanned(flow: &FlowSettings, ended: &Ended) -> Problem {
    let what = format!("flow \"{}\" cannot be drained any more", flow.name);
    Problem::new("flow_ended", Scope::Flow(flow.name.to_string()), what)
        .place(format!("as recorded in {NAME_PREFIX}{} at {}", flow.name, flow.target))
        .cause(ended.to_string())
        .hint("--unplanned shows where it was left, and goes on where it was interrupted")
}

/// Opens the target, and the source where it answers in time; a planned failover needs both.
async fn clusters(
    args: &Args,
    context: &Context,
    settings: &Settings,
    flow: &FlowSettings,
) -> Result<(Cluster, Option<Cluster>), Box<Problem>> {
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let of = |alias| Arc::new(settings.clusters[alias].clone());
    if args.planned {
        let (target, source) = tokio::try_join!(
            open(of(&flow.target), deadline, |_| {}),
            open(of(&flow.source), deadline, |_| {}),
        )
        .map_err(|error| Problem::from(&error))?;
        return Ok((target, Some(source)));
    }
    let (target, source) = tokio::join!(
        open(of(&flow.target), deadline, |_| {}),
        tokio::time::timeout(SOURCE_PATIENCE, open(of(&flow.source), None, |_| {})),
    );
    let target = target.map_err(|error| Problem::from(&error))?;
    let why = match source {
        Ok(Ok(source)) => return Ok((target, Some(source))),
        Ok(Err(error)) => error.cause.to_string(),
        Err(_) => format!("nothing came within {}", humantime::format_duration(SOURCE_PATIENCE)),
    };
    context.output.say(&format!("the source does not answer: {why}"));
    Ok((target, None))
}

//! `strait failover`: end a flow at the target, so that the applications can go on there.

mod draining;
mod moving;
mod told;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::moving::Moved;
use self::told::Told;
use super::replicate::flow::open;
use super::replicate::positive_duration;
use super::{Context, flows};
use crate::config::settings::{FlowSettings, Settings};
use crate::engine::ended::{EndKind, Ended};
use crate::engine::state_topic::NAME_PREFIX;
use crate::exit::Exit;
use crate::failover::drain::Rest;
use crate::failover::ending::{Ending, Fenced, Leave, PATIENCE};
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
    let (settings, mut flows) = flows::selected(context)?;
    if flows.len() > 1 {
        let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
        let problem = Problem::new("several_flows", Scope::Command, "one flow is failed over at a time")
            .place(settings.path.display().to_string())
            .cause(format!("its flows are {}", names.join(", ")))
            .hint("name one with --flow");
        return Err(problem.into());
    }
    if !args.dry_run && !args.yes && !context.output.can_ask() {
        let problem = Problem::new("not_confirmed", Scope::Command, "a failover has to be confirmed")
            .cause("there is no terminal to ask at")
            .hint("look at what it would do with --dry-run, then give --yes");
        return Err(problem.into());
    }
    match flows.pop() {
        Some(flow) => Ok((settings, flow)),
        None => Err(Problem::new("no_flow", Scope::Config, "the configuration has no flow").into()),
    }
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
        return Err(Box::new(never_ran(flow, &ending)));
    }
    let ended = ending.ended().cloned();
    if let Some(ended) = ended.as_ref().filter(|ended| ended.how != how && args.planned) {
        return Err(Box::new(was_unplanned(flow, ended)));
    }
    let is_done = ended.as_ref().is_some_and(|ended| ended.done_ms.is_some());
    let mut told = Told::new(flow, ended.as_ref().map_or(how, |ended| ended.how), args.dry_run);
    if is_done || args.dry_run || !args.yes {
        let source = source.as_ref().filter(|_| !is_done);
        look(&mut told, (&mut ending, &target, source), flow, Step::Plan).await?;
    }
    if is_done || args.dry_run {
        return Ok(told);
    }
    if !args.yes {
        told.show_plan(context);
        confirm(context, flow)?;
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
    let failed = |error: &_| Box::new(Problem::from(error));
    let ended = ending.mark(leave, source).await.map_err(|error| failed(&error))?;
    let (fenced, not_fenced) = ending.fence().await.map_err(|error| failed(&error))?;
    if let Some((first, error)) = not_fenced.first() {
        let what = format!("{} cannot be taken over, {first} first", told::partitions(not_fenced.len()));
        let problem = Problem::new("not_fenced", Scope::Flow(flow.name.to_string()), what);
        let problem = problem.place(format!("cluster {}", flow.target)).cause(error.to_string());
        return Err(Box::new(
            problem.hint("run it again: replicate is refused already, and it goes on from here"),
        ));
    }
    told.note_open(flow, fenced.open_ones());
    look(told, (ending, target, source), flow, Step::Behind(&fenced)).await?;
    ending.record(&fenced, &told.places).await.map_err(|error| failed(&error))?;
    told.is_ended_now = true;
    told.ended = Some(ending.finish(ended).await.map_err(|error| failed(&error))?);
    Ok(())
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

/// Says when partitions are looked at.
enum Step<'a> {
    /// Before anything is changed.
    Plan,
    /// Behind the fences; the groups are moved.
    Behind(&'a Fenced),
}

/// Finds out where partitions and groups stand, and moves the groups where that is due.
async fn look(
    told: &mut Told,
    (ending, target, source): (&mut Ending<'_>, &Cluster, Option<&Cluster>),
    flow: &FlowSettings,
    step: Step<'_>,
) -> Result<(), Box<Problem>> {
    let fenced = match &step {
        Step::Plan => None,
        Step::Behind(fenced) => Some(*fenced),
    };
    let patience = if told.how == EndKind::Planned { PATIENCE } else { SOURCE_PATIENCE };
    let asked = source.map(|source| (source, patience));
    let (places, gone) = ending.look(fenced, asked).await.map_err(|error| Problem::from(&error))?;
    told.take(flow, places, gone);
    told.ended = ending.ended().cloned();
    let mut moved = None;
    if let Some(source) = source {
        let clusters = (source, target);
        let from = moving::from_source(clusters, flow, ending.reader(), (fenced.is_some(), patience));
        // A source that dies meanwhile leaves the groups where they are.
        moved = tokio::time::timeout(patience * 2, from).await.ok().and_then(Result::ok);
    }
    told.source_answered = moved.is_some();
    let Moved { groups, standing, problems } = match moved {
        Some(moved) => moved,
        None => moving::as_they_stand(target, flow, &told.places, PATIENCE).await,
    };
    (told.groups, told.standing) = (groups, standing);
    told.group_problems = problems;
    if fenced.is_some() && told.how == EndKind::Planned && !told.source_answered && !flow.groups.is_empty() {
        told.group_problems.push((Exit::Bad, groups_not_moved(flow)));
    }
    Ok(())
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

fn never_ran(flow: &FlowSettings, ending: &Ending<'_>) -> Problem {
    let what = format!("flow \"{}\" cannot be failed over: it never ran", flow.name);
    Problem::new("never_ran", Scope::Flow(flow.name.to_string()), what)
        .place(format!("cluster {}", flow.target))
        .cause(format!("there is no topic {}", ending.state_topic()))
        .hint("check --flow and the cluster; strait status shows which flows have run")
}

fn confirm(context: &Context, flow: &FlowSettings) -> Result<(), Box<Problem>> {
    let question = format!("End flow \"{}\" now? Type its name to confirm:", flow.name);
    let answer = context.output.ask(&question).map_err(|error| {
        Problem::new("stdin", Scope::Command, "the answer cannot be read").cause(error.to_string())
    })?;
    if answer.as_deref() == Some(flow.name.as_str()) {
        return Ok(());
    }
    let problem = Problem::new("not_confirmed", Scope::Command, "the failover was not confirmed");
    Err(Box::new(problem.cause("the answer is not the flow's name").hint("nothing was changed")))
}

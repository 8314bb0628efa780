//! `strait failback`: go back to the source of a flow that was ended, with all that the target got meanwhile.

mod problems;
mod told;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use self::told::Told;
use super::failover::draining::{self, EVENT_QUEUE_MAX};
use super::replicate::flow::open;
use super::replicate::positive_duration;
use super::{Context, confirm, flows};
use crate::config::settings::{FlowSettings, Settings};
use crate::exit::Exit;
use crate::failback::begin::Begun;
use crate::failback::settle::Choice;
use crate::failback::survey::Survey;
use crate::failback::way::Failback;
use crate::failover::drain::Rest;
use crate::kafka::cluster::Cluster;
use crate::report::document::Document;
use crate::report::failback::SCHEMA;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};

/// Go back to the source of a flow that was ended, with all that came to the target meanwhile
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait failback --flow us-eu --dry-run                what the old source kept, and what has to come back
  strait failback --flow us-eu --stranded append        stranded records first, then all of the target back
  strait failback --flow us-eu --stranded export ./stranded --fence-cmd './stop-writers.sh' --yes
  strait failback --flow us-eu --stranded leave --begin-only --yes
                                                        strait replicate copies back for as long as you like

Records that the source acknowledged and that were never copied are stranded. Where there are any, what becomes
of them has to be said: nothing is dropped unasked. Interrupted, the same command goes on where it stopped.

Exit codes:
  0    the flow is back: all of the target is at the source, and strait replicate can go on
  1    the flow is not back, or not wholly: run it again
  2    usage or configuration error, found before any connection
  10   nothing was changed, because --stranded is needed; or the flow is back and something of it is not as it
       should be: a topic is left out, records are gone, or a group is not in its place
  11   the flow is back; of a partition or a group it is not known")]
pub struct Args {
    /// What becomes of stranded records: `append` copies them behind what the target has by now, `leave` leaves them
    /// at the source alone, `export DIR` does too and writes them to files first
    #[arg(long, value_names = ["CHOICE", "DIR"], num_args = 1..=2)]
    stranded: Option<Vec<String>>,

    /// Begin the flow that goes the other way and stop there: strait replicate can run it
    #[arg(long, conflicts_with_all = ["fence_cmd", "dry_run"])]
    begin_only: bool,

    /// A command that stops the writers at the target; what there is by then is copied back before it runs
    #[arg(long, value_name = "COMMAND")]
    fence_cmd: Option<String>,

    /// How long nothing may be written to the target before the way back counts as done
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = positive_duration)]
    quiet_for: Duration,

    /// How long copying back and coming to rest may take
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = positive_duration)]
    drain_timeout: Duration,

    /// Print what is stranded and what would come back; change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
}

/// Reads the configuration, looks, asks, and goes back.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let (settings, flow, choice) = match one_flow(args, context) {
        Ok(found) => found,
        Err(refusal) => return refusal.tell(context, SCHEMA),
    };
    match story(args, context, &settings, (&flow, choice)).await {
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

/// Picks the flow; it has to be one, named or the only one that goes in its direction, and somebody has to have
/// agreed.
fn one_flow(
    args: &Args,
    context: &Context,
) -> Result<(Settings, FlowSettings, Option<Choice>), flows::Refusal> {
    let (settings, flow) = flows::only_one(context, "one flow is failed back at a time")?;
    let choice = choice(args)?;
    if !args.dry_run && !args.yes {
        confirm::refuse_unasked(context, "failback")?;
    }
    Ok((settings, flow, choice))
}

/// Reads `--stranded`.
fn choice(args: &Args) -> Result<Option<Choice>, flows::Refusal> {
    let Some(words) = &args.stranded else { return Ok(None) };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(Some(match words.as_slice() {
        ["append"] => Choice::Append,
        ["leave"] => Choice::Leave,
        ["export", folder] => Choice::Export(PathBuf::from(folder)),
        other => {
            let what = format!("--stranded {} says nothing", other.join(" "));
            let problem = Problem::new("stranded", Scope::Command, what)
                .cause("it takes append, leave, or export and a folder")
                .hint("strait failback --dry-run lists what is stranded");
            return Err(problem.into());
        }
    }))
}

async fn story(
    args: &Args,
    context: &Context,
    settings: &Settings,
    (flow, choice): (&FlowSettings, Option<Choice>),
) -> Result<Told, Box<Problem>> {
    let failed = |error| problems::problem(flow, error);
    let (source, target) = clusters(context, settings, flow).await?;
    let configured: Vec<FlowSettings> = settings.flows.values().cloned().collect();
    let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
    let teller = tokio::spawn(draining::tell(context.clone(), flow.name.to_string(), receiver));
    let mut way = Failback::open(&source, &target, flow, &configured, events).await.map_err(failed)?;
    let survey = way.survey().await.map_err(failed)?;
    let mut told = Told::new(flow, &way, &survey, args.dry_run);
    let is_chosen = choice.is_some() || way.returning().is_some();
    if survey.open().0 > 0 && !is_chosen {
        told.refuse(flow);
        return Ok(told);
    }
    if args.dry_run {
        return Ok(told);
    }
    if !args.yes {
        told.show_plan(context);
        let question = format!("Fail flow \"{}\" back now?", flow.name);
        confirm::ask(context, flow, ("failback", question))?;
    }
    let done = go(args, context, (&mut way, survey, flow), (choice.as_ref(), &mut told)).await;
    drop(way);
    // The teller ends when the way's sender is gone.
    let _ = teller.await;
    done.map(|()| told)
}

/// Takes all steps; each may have been taken by an earlier run.
async fn go(
    args: &Args,
    context: &Context,
    (way, mut survey, flow): (&mut Failback, Survey, &FlowSettings),
    (choice, told): (Option<&Choice>, &mut Told),
) -> Result<(), Box<Problem>> {
    let failed = |error| problems::problem(flow, error);
    if survey.open().0 > 0 && matches!(choice, Some(Choice::Append)) {
        context.output.say("copying what is stranded");
    }
    told.exported = way.settle(&mut survey, choice).await.map_err(failed)?;
    told.take(&survey, &[]);
    let begun = way.begin(&survey).await.map_err(failed)?;
    told.begun(flow, &begun);
    if args.begin_only {
        return Ok(());
    }
    let came_back = come_back(args, context, (&mut *way, flow), (&survey, &begun)).await?;
    told.came_back(way.reverse(), came_back);
    let reopened = way.reopen(&survey).await.map_err(failed)?;
    told.take(&survey, &reopened);
    told.is_done();
    Ok(())
}

/// Copies back, and ends the flow that goes the other way.
async fn come_back(
    args: &Args,
    context: &Context,
    (way, flow): (&mut Failback, &FlowSettings),
    (survey, begun): (&Survey, &Begun),
) -> Result<crate::failback::way::CameBack, Box<Problem>> {
    let mut caught_up = None;
    if !way.is_back() {
        let rest = Rest { quiet_for: args.quiet_for, timeout: args.drain_timeout };
        let (source, target) = way.clusters();
        let back = &way.reverse().settings;
        let how = (args.fence_cmd.as_deref(), rest);
        let expected = Failback::expected(survey);
        caught_up = Some(draining::drain(context, (target, source), back, &expected, how).await?);
    }
    let ended = way.end(begun, caught_up.as_ref()).await;
    ended.map_err(|error| problems::problem(flow, error))
}

/// Opens both clusters.
async fn clusters(
    context: &Context,
    settings: &Settings,
    flow: &FlowSettings,
) -> Result<(Cluster, Cluster), Box<Problem>> {
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let of = |alias| Arc::new(settings.clusters[alias].clone());
    let (source, target) =
        tokio::try_join!(open(of(&flow.source), deadline, |_| {}), open(of(&flow.target), deadline, |_| {}),)
            .map_err(|error| Problem::from(&error))?;
    if source.id() == target.id() {
        return Err(Box::new(flows::one_cluster(flow, source.id())));
    }
    Ok((source, target))
}

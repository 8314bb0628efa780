//! `strait failover-test`: the drill, on the clusters of a flow or on two in memory.

mod beds;
mod clearing;
mod faults;
mod reports;
mod telling;

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use self::beds::Bed;
use super::replicate::positive_duration;
use super::{Context, signals};
use crate::drill::names::DrillId;
use crate::drill::play::doors::Liars;
use crate::drill::play::error::DrillError;
use crate::drill::play::plan::{Load, Plan, PlanError};
use crate::drill::play::played::Played;
use crate::drill::play::told::Done;
use crate::drill::play::{Drill, play};
use crate::drill::scenario::Scenario;
use crate::drill::verdict::Ceilings;
use crate::exit::Exit;
use crate::report::document::Document;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};

/// The shape of the document `--format json` prints.
pub const SCHEMA: &str = "strait/failover-test/v1";
/// Most records per second; beyond it a small machine would measure itself.
const RATE_MAX: u32 = 50_000;
/// Most partitions.
const PARTITIONS_MAX: i32 = 100;
/// Largest value: the default limit of brokers, with room for the rest of a record.
const SIZE_BYTES_MAX: u64 = 900_000;
/// How long a drill may take beside its application's work; what it leaves behind is anybody's to take away
/// after that.
const OVER_BY_MARGIN: Duration = Duration::from_secs(15 * 60);
/// Things told that may wait.
const TOLD_QUEUE_MAX: usize = 256;

/// Rehearse the loss of a region, on the real clusters or in memory, and account for every record
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait failover-test --sandbox                        rehearse on two clusters in memory
  strait failover-test --flow us-eu --dry-run           what would be done on the clusters of a flow
  strait failover-test --flow us-eu --duration 1m --max-rpo 5s --max-rto 60s
  strait failover-test --flow us-eu --scenario planned-switch --transactional
  strait failover-test --flow us-eu --fault-cmd ./cut-us.sh --heal-cmd ./heal-us.sh
  strait failover-test --sandbox --junit drill.xml --html drill.html

The drill makes a topic, a group and a flow of its own (strait-drill-*), copies with the real engine,
and speaks to the clusters through proxies of its own, which it cuts. No topic, group or flow of
yours is touched. It takes everything away again, also after Ctrl-C; what a killed drill has left is
taken away by the next one.

Exit codes:
  0    PASS: every promise was kept
  1    the drill could not be played, or not everything could be taken away after a PASS
  2    usage or configuration error
  10   FAIL: a promise was broken, or a limit exceeded
  11   INCONCLUSIVE: too little happened to tell
  130  interrupted (Ctrl-C), 143 terminated (SIGTERM)")]
pub struct Args {
    /// What is rehearsed
    #[arg(long, value_name = "NAME", default_value = "region-loss")]
    scenario: Scenario,

    /// Rehearse on two clusters of three brokers in memory instead of the flow's
    #[arg(long)]
    sandbox: bool,

    /// Records sent per second
    #[arg(long, value_name = "COUNT", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    rate: u32,

    /// Bytes of each record's value
    #[arg(long, value_name = "BYTES", default_value = "200", value_parser = clap::value_parser!(u64).range(1..=SIZE_BYTES_MAX))]
    size: u64,

    /// Partitions of the drill's topic
    #[arg(long, value_name = "COUNT", default_value = "6", value_parser = clap::value_parser!(i32).range(1..=i64::from(PARTITIONS_MAX)))]
    partitions: i32,

    /// How long the application works before something befalls it; half as long in each region after that
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = positive_duration)]
    duration: Duration,

    /// Write in transactions, of which every seventh is aborted
    #[arg(long)]
    transactional: bool,

    /// Use a compacted topic with few keys
    #[arg(long)]
    compacted: bool,

    /// End in the target region, without failing back
    #[arg(long)]
    one_way: bool,

    /// A command that makes the fault, run by sh -c; in place of the drill's own cut
    #[arg(long, value_name = "COMMAND", requires = "heal_cmd")]
    fault_cmd: Option<String>,

    /// The command that mends it; it is run in any case, also when the drill is interrupted
    #[arg(long, value_name = "COMMAND", requires = "fault_cmd")]
    heal_cmd: Option<String>,

    /// Fail where what is lost is older than this
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_rpo: Option<Duration>,

    /// Fail where the application goes on in the target region later than this
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    max_rto: Option<Duration>,

    /// Fail where more records are processed again than this
    #[arg(long, value_name = "COUNT")]
    max_duplicates: Option<u64>,

    /// Fail where more acknowledged records are lost than this, announced or not
    #[arg(long, value_name = "COUNT")]
    max_lost: Option<u64>,

    /// What chance is made of, in hexadecimal; the same number makes the same faults
    #[arg(long, value_name = "NUMBER", value_parser = seed)]
    seed: Option<u64>,

    /// Print what would be done; make nothing
    #[arg(long)]
    dry_run: bool,

    /// Leave topics and groups where they are, for a look
    #[arg(long)]
    keep: bool,

    /// Write a JUnit file, with a test case for each promise
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write one self-contained HTML page, with the timeline
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// A folder for missing.jsonl, the list of all lost records [default: strait-drill-ID, made where any is lost]
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
}

fn seed(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| "a hexadecimal number of at most 16 digits".to_owned())
}

/// Plans, plays, clears away, and tells the verdict.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let bed = match beds::choose(args, context).await {
        Ok(bed) => bed,
        Err(refusal) => return refusal.tell(context, SCHEMA),
    };
    let plan = match plan(args, &bed) {
        Ok(plan) => plan,
        Err(error) => {
            return failed(context, Exit::Failed, Problem::new("plan", Scope::Command, error.to_string()));
        }
    };
    if args.dry_run {
        return reports::dry_run(context, args, &plan);
    }
    if let Err(problem) = clearing::before(context, &plan).await {
        return failed(context, Exit::Failed, *problem);
    }
    let hooks = match faults::of(args, &bed, &plan) {
        Ok(hooks) => hooks,
        Err(problem) => return failed(context, Exit::Usage, *problem),
    };
    let ticking = bed.compact_again_and_again(&plan);
    let (told, telling) = mpsc::channel(TOLD_QUEUE_MAX);
    let started = Timestamp::now();
    let teller = tokio::spawn(telling::tell(context.output.clone(), plan.clone(), telling));
    let drill = Drill { plan: plan.clone(), hooks: hooks.clone(), liars: Liars::default(), told };
    let (cancel, cancelled) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Handle::current();
    // On a thread of its own: a defect of the drill ends the drill, and what it made is taken away all the same.
    let mut playing = tokio::task::spawn_blocking(move || {
        runtime.block_on(async move {
            tokio::select! {
                played = play(&drill) => Some(played),
                _ = cancelled => None,
            }
        })
    });
    let (stop, _stopped) = watch::channel(false);
    let (words, ending) = (context.output.clone(), context.output.clone());
    // The second signal ends the process at once, also while it is cleared away.
    let mut signal = tokio::spawn(signals::wait_telling(
        stop,
        move || words.say("Stopping; what the drill made is taken away. Again to stop at once."),
        move || ending.say("Not everything was taken away; the next drill does that."),
    ));
    let ended = tokio::select! {
        played = &mut playing => match played {
            Ok(Some(played)) => Ok(played),
            Ok(None) => Err(Exit::Interrupted),
            Err(defect) => Ok(Err(defect.into())),
        },
        exit = &mut signal => {
            drop(cancel);
            // Awaited, so that nothing writes any more while it is cleared away.
            let _ = playing.await;
            Err(exit.unwrap_or(Exit::Interrupted))
        }
    };
    // The teller ends when the drill's sender is gone.
    let phases = teller.await.unwrap_or_default();
    drop(ticking);
    let left = clearing::after(context, args, (&bed, &plan), hooks.as_deref()).await;
    conclude(context, args, &Ran { plan, started, phases }, ended, &left)
}

/// Holds what is known of a drill that ran, whatever became of it.
struct Ran {
    plan: Plan,
    started: Timestamp,
    phases: Vec<Done>,
}

/// Tells how it came out. What could not be cleared away never hides the verdict.
fn conclude(
    context: &Context,
    args: &Args,
    ran: &Ran,
    ended: Result<Result<Played, DrillError>, Exit>,
    left: &[Problem],
) -> Exit {
    let played = match ended {
        Ok(Ok(played)) => played,
        Ok(Err(error)) => {
            let problem = reports::problem(&error);
            reports::write_failure(context, args, ran, &problem);
            let all: Vec<Problem> = std::iter::once(problem).chain(left.iter().cloned()).collect();
            return failed_with(context, Exit::Failed, &all);
        }
        Err(exit) => {
            context.output.say("The drill was interrupted.");
            return failed_with(context, exit, left);
        }
    };
    left.iter().for_each(|problem| context.output.problem(problem));
    reports::tell(context, args, ran, &played, left)
}

fn failed(context: &Context, exit: Exit, problem: Problem) -> Exit {
    failed_with(context, exit, &[problem])
}

fn failed_with(context: &Context, exit: Exit, problems: &[Problem]) -> Exit {
    problems.iter().for_each(|problem| context.output.problem(problem));
    if context.output.format() == Format::Json {
        Document::<()>::failed(SCHEMA, exit, problems).print(&context.output);
    }
    exit
}

fn plan(args: &Args, bed: &Bed) -> Result<Plan, PlanError> {
    let (flow, source, target) = bed.ends();
    let load = Load {
        rate: args.rate,
        size: usize::try_from(args.size).unwrap_or(usize::MAX),
        partitions: args.partitions,
        duration: args.duration,
        is_transactional: args.transactional,
        is_compacted: args.compacted,
    };
    let id = id(args.duration);
    Ok(Plan {
        id,
        scenario: args.scenario,
        of_flow: flow.name.clone(),
        flow: Plan::flow_of(&id, &flow)?,
        source,
        target,
        load,
        ceilings: Ceilings {
            lost_max: args.max_lost,
            rpo_max: args.max_rpo,
            rto_max: args.max_rto,
            reprocessed_max: args.max_duplicates,
        },
        seed: args.seed.unwrap_or_else(|| u64::from(chance().1)),
        comes_back: !args.one_way,
    })
}

/// Makes the id of a drill that begins now.
fn id(duration: Duration) -> DrillId {
    let over_by = SystemTime::now() + duration * 3 + OVER_BY_MARGIN;
    let over_by = over_by.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    DrillId {
        over_by: u32::try_from(over_by).unwrap_or(u32::MAX),
        machine: clearing::machine(),
        pid: std::process::id(),
        mark: chance().0,
    }
}

/// Returns numbers that nobody can foresee.
fn chance() -> (u16, u32) {
    let mixed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8);
    let [a, b, c, d, e, f, ..] = mixed.to_be_bytes();
    (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]))
}

//! Taking away what drills made: this one's, and what killed ones have left.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::Context;
use super::Args;
use super::beds::Bed;
use crate::config::settings::ClusterSettings;
use crate::drill::names::{DrillId, machine_number};
use crate::drill::play::hooks::Hooks;
use crate::drill::play::plan::Plan;
use crate::drill::play::stage;
use crate::drill::scenario::Scenario;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::ConnectError;
use crate::report::problem::{Problem, Scope};

/// How long a cluster may take to answer again before what is there is left.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Returns this machine's number.
pub(super) fn machine() -> u16 {
    // Where the system does not tell, all machines without a name are one.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    machine_number(name.trim())
}

/// Reaches both clusters, and takes away what drills that were killed have left there.
pub(super) async fn before(context: &Context, plan: &Plan) -> Result<(), Box<Problem>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = u32::try_from(now).unwrap_or(u32::MAX);
    let is_alive = |pid: u32| Path::new(&format!("/proc/{pid}")).exists();
    let is_over = |id: &DrillId| id.is_over(now, machine(), is_alive);
    let mut ids = Vec::new();
    for settings in [&plan.source, &plan.target] {
        let cluster = Cluster::open(settings.clone()).await.map_err(|error| Problem::from(&error))?;
        let found = stage::left_behind(&cluster, is_over).await;
        let found = found.map_err(|error| {
            Problem::new(
                "leftovers",
                Scope::Cluster(settings.alias.to_string()),
                "its topics cannot be listed",
            )
            .cause(error.to_string())
        })?;
        for id in found {
            for (name, cause) in stage::clear(&cluster, &id).await {
                context.output.problem(&left(settings, &name, &cause));
            }
            ids.push(id);
        }
    }
    ids.sort();
    ids.dedup();
    if !ids.is_empty() {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        context.output.say(&format!("Took away what drills had left that were killed: {}", names.join(", ")));
    }
    Ok(())
}

/// Mends what may still be broken, and takes away what the drill made. Says what could not be.
pub(super) async fn after(
    context: &Context,
    args: &Args,
    (bed, plan): (&Bed, &Plan),
    hooks: Option<&dyn Hooks>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let has_faults = plan.scenario.loses_region() || plan.scenario == Scenario::BrokerRestart;
    if let Some(hooks) = hooks.filter(|_| has_faults)
        && let Err(error) = hooks.heal().await
    {
        let what = "the fault may still be there";
        problems.push(Problem::new("heal", Scope::Command, what).cause(error.to_string()));
    }
    // Clusters in memory go with the process.
    if bed.sandbox.is_some() {
        return problems;
    }
    if args.keep {
        let id = plan.id;
        context.output.say(&format!(
            "Kept at both clusters: topic {}, group {}, flow {}",
            id.topic(),
            id.group(),
            id.flow()
        ));
        return problems;
    }
    for settings in [&plan.source, &plan.target] {
        match open(settings).await {
            Ok(cluster) => {
                let each = stage::clear(&cluster, &plan.id).await.into_iter();
                problems.extend(each.map(|(name, cause)| left(settings, &name, &cause)));
            }
            Err(error) => problems.push(left(settings, "what the drill made", &error.to_string())),
        }
    }
    problems
}

/// Opens a cluster that may just be coming back.
async fn open(settings: &Arc<ClusterSettings>) -> Result<Cluster, ConnectError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match Cluster::open(settings.clone()).await {
            Ok(cluster) => return Ok(cluster),
            Err(error) if tokio::time::Instant::now() + PAUSE >= deadline => return Err(error),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn left(settings: &ClusterSettings, name: &str, cause: &str) -> Problem {
    Problem::new("left_behind", Scope::Cluster(settings.alias.to_string()), format!("{name} is still there"))
        .place(format!("cluster {}", settings.alias))
        .cause(cause.to_owned())
        .hint("the next drill tries again; until then nothing but a drill touches it")
}

//! Plans in files: writing one, reading it back, and holding it against the clusters as they are.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::looking::{Asked, Look};
use super::sync::Refused;
use crate::config::settings::{FlowSettings, Pattern};
use crate::exit::Exit;
use crate::provision::plan_file::{Bound, Drift, DriftKind, PlanFault, PlanFile, PlannedCluster};
use crate::provision::snapshot::Scope;
use crate::report::problem::{self, Problem};
use crate::types::{ClusterAlias, ClusterId};

/// Differences named in a text.
const DRIFTS_NAMED_MAX: usize = 20;

/// Returns the time as a plan bears it.
pub fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes a plan; a file of that name is replaced as a whole or not at all.
pub fn write(path: &Path, plan: &PlanFile) -> Result<(), Box<Refused>> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let written = fs::write(&beside, plan.to_text()).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let problem = Problem::new("plan_file", problem::Scope::Command, "the plan cannot be written")
            .place(path.display().to_string())
            .cause(error.to_string())
            .hint("name a file in a folder you may write to");
        Refused::one(Exit::Failed, problem)
    })
}

/// Reads a plan.
pub fn read(path: &Path) -> Result<PlanFile, Box<Refused>> {
    let refuse = |code, what: &str, cause: String, hint: &str| {
        let problem = Problem::new(code, problem::Scope::Command, what)
            .place(path.display().to_string())
            .cause(cause)
            .hint(hint);
        Refused::one(Exit::Usage, problem)
    };
    let text = fs::read_to_string(path).map_err(|error| {
        refuse("plan_file", "the plan cannot be read", error.to_string(), "make one with --out PLAN")
    })?;
    PlanFile::parse(&text).map_err(|fault| {
        let (code, what) = match &fault {
            PlanFault::Edited { .. } => ("plan_edited", "the plan is not as it was made"),
            PlanFault::NotJson(_) | PlanFault::Schema { .. } | PlanFault::Shape(_) => {
                ("plan_unreadable", "the file is no plan that this version can carry out")
            }
        };
        refuse(
            code,
            what,
            fault.to_string(),
            "plan again with --out; options such as --only leave things out",
        )
    })
}

/// Picks the plan's flows from the configuration.
pub fn flows(
    path: &Path,
    plan: &PlanFile,
    known: Vec<FlowSettings>,
) -> Result<Vec<FlowSettings>, Box<Refused>> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for planned in &plan.flows {
        let flow = known.iter().find(|flow| flow.name == planned.flow);
        let cause = match flow {
            None => "the configuration has no such flow".to_owned(),
            Some(flow) if !flow.provision.enabled => "provision.enabled is false now".to_owned(),
            Some(flow) if (&flow.source, &flow.target) != (&planned.source.alias, &planned.target.alias) => {
                format!(
                    "it goes from {} to {} now, and went from {} to {}",
                    flow.source, flow.target, planned.source.alias, planned.target.alias
                )
            }
            Some(flow) => {
                found.push(flow.clone());
                continue;
            }
        };
        let what = format!("the plan does not fit the configuration: flow \"{}\"", planned.flow);
        let problem = Problem::new("plan_flow", problem::Scope::Flow(planned.flow.to_string()), what)
            .place(path.display().to_string())
            .cause(cause)
            .hint("use the configuration it was made with, or plan again");
        problems.push(problem);
    }
    if problems.is_empty() {
        return Ok(found);
    }
    Err(Box::new(Refused { exit: Exit::Usage, drawing: None, problems }))
}

/// Returns what the plan was asked for, to look for the same.
pub fn asked(path: &Path, plan: &PlanFile) -> Result<Asked, Box<Refused>> {
    let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>();
    let scope = patterns(&plan.only).and_then(|only| Ok(Scope { only, exclude: patterns(&plan.exclude)? }));
    let scope = scope.map_err(|fault| {
        let problem = Problem::new("plan_unreadable", problem::Scope::Command, "a pattern cannot be read")
            .place(path.display().to_string())
            .cause(fault.to_string())
            .hint("plan again with --out");
        Refused::one(Exit::Usage, problem)
    })?;
    Ok(Asked { options: plan.options.clone(), scope })
}

/// Holds a plan against the clusters: all of it fits, or nothing of it is done.
pub fn bind(path: &Path, plan: PlanFile, look: &Look) -> Result<Vec<Bound>, Box<Refused>> {
    let mut problems = Vec::new();
    let mut all = Vec::new();
    let place = format!("{}, made {} by {}", path.display(), plan.made_at, plan.made_by);
    for (planned, flow) in plan.flows.into_iter().zip(&look.flows) {
        let scope = problem::Scope::Flow(planned.flow.to_string());
        let snapshot = &flow.snapshot;
        let foreign = foreign(&planned.source, &snapshot.source.cluster_id)
            .or_else(|| foreign(&planned.target, &snapshot.target.cluster_id));
        if let Some((alias, planned, actual)) = foreign {
            let what = format!("the plan was made for another cluster than \"{alias}\"");
            let problem = Problem::new("plan_foreign", scope, what)
                .place(place.clone())
                .cause(format!("it was made for the id {planned}, and the brokers report {actual}"))
                .hint("plan again with --out against these clusters");
            problems.push(problem);
            continue;
        }
        match Bound::planned(planned, &flow.plan, snapshot, &flow.settings.rename) {
            Ok(bound) => all.push(bound),
            Err(drifts) => {
                let problem =
                    Problem::new("plan_stale", scope, "the plan no longer fits: nothing was changed")
                        .place(place.clone())
                        .cause(causes(&drifts))
                        .hint("plan again with --out, and look at what is different");
                problems.push(problem);
            }
        }
    }
    if problems.is_empty() {
        return Ok(all);
    }
    Err(Box::new(Refused { exit: Exit::Failed, drawing: None, problems }))
}

fn foreign(planned: &PlannedCluster, actual: &ClusterId) -> Option<(ClusterAlias, ClusterId, ClusterId)> {
    let is_other = planned.cluster_id != *actual;
    is_other.then(|| (planned.alias.clone(), planned.cluster_id.clone(), actual.clone()))
}

fn causes(drifts: &[Drift]) -> String {
    let mut text = String::new();
    for drift in drifts.iter().take(DRIFTS_NAMED_MAX) {
        let line = if text.is_empty() { "" } else { "\n" };
        // Writing to a text cannot fail.
        let _ = write!(text, "{line}{}: {}", drift.topic, happened(&drift.what));
    }
    if drifts.len() > DRIFTS_NAMED_MAX {
        let _ = write!(text, "\nand {} more", drifts.len() - DRIFTS_NAMED_MAX);
    }
    text
}

fn happened(what: &DriftKind) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(default)".to_owned());
    match what {
        DriftKind::Gone(end) => format!("gone from the {end}"),
        DriftKind::Appeared(end) => format!("there is one at the {end} now"),
        DriftKind::Recreated(end) => format!("deleted and created anew at the {end}"),
        DriftKind::Partitions(end, was, now) => format!("partitions at the {end} were {was}, are {now}"),
        DriftKind::Replicas(end, was, now) => format!("replication factor at the {end} was {was}, is {now}"),
        DriftKind::Config(end, key, was, now) => {
            format!("{key} at the {end} was {}, is {}", shown(was), shown(now))
        }
        DriftKind::Unneeded => {
            "would not be planned so now: the configuration, ACLs or the brokers' defaults differ".to_owned()
        }
    }
}

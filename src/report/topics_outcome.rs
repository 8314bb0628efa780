//! What became of a plan of `topics sync`: the document for programs, and a problem for each failure.

use kafka_protocol::ResponseError as E;
use serde::Serialize;

use super::problem::{Problem, Scope};
use super::topics_findings::{FindingJson, ids};
use super::topics_plan::in_short;
use crate::kafka::admin::Refusal;
use crate::provision::carry::Outcome;
use crate::provision::change::{Change, Counts};
use crate::provision::plan_file::PlannedCluster;

/// Names the document's shape.
pub const SCHEMA: &str = "strait/topics-sync/v1";

/// Says what each field of the document's data holds; docs/json.md is made from here.
pub const FIELDS: &[(&str, &str)] = &[
    (
        "summary",
        "what the plan holds, over all flows: create, change, delete (topics, ACLs count under create), findings",
    ),
    ("applied", "what was carried out, counted likewise, and failed and stopped (changes); null for a plan"),
    ("plan_file", "the file the plan was written to, with `--out`; else null"),
    ("flows", "the flows planned: flow, source and target (alias, cluster_id), changes, findings"),
    (
        "flows[].changes",
        "action (create, grow, set_config, unset_config, move, delete, add_acl), what it needs, as in a plan file, and \
         outcome: null for a plan; done, refused, unanswered, moved_elsewhere, throttle_stays, stopped or after_move",
    ),
    (
        "flows[].findings",
        "code, topic, is_note (counts for nothing), message, hint, moves (partition, brokers now, brokers then)",
    ),
];

/// Holds the document's data.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SyncJson {
    /// What the plan holds.
    pub summary: SummaryJson,
    /// What was carried out.
    pub applied: Option<Applied>,
    /// Where the plan was written to.
    pub plan_file: Option<String>,
    /// The flows.
    pub flows: Vec<FlowJson>,
}

/// Counts what a plan holds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SummaryJson {
    /// The changes.
    #[serde(flatten)]
    pub counts: Counts,
    /// The findings that are more than notes.
    pub findings: usize,
}

/// Holds one flow's part.
#[derive(Clone, Debug, Serialize)]
pub struct FlowJson {
    /// The flow.
    pub flow: String,
    /// Where topics come from.
    pub source: PlannedCluster,
    /// Where they are changed.
    pub target: PlannedCluster,
    /// What is to be done, and what became of it.
    pub changes: Vec<ChangeJson>,
    /// What cannot be done, or is left alone.
    pub findings: Vec<FindingJson>,
}

/// Holds one change.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeJson {
    /// What it is.
    #[serde(flatten)]
    pub change: Change,
    /// What became of it.
    pub outcome: Option<&'static str>,
}

/// Counts what was carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Topics and access control entries created.
    pub create: usize,
    /// Topics changed, all of their changes.
    pub change: usize,
    /// Topics deleted.
    pub delete: usize,
    /// Changes that failed.
    pub failed: usize,
    /// Changes not made because of a stop.
    pub stopped: usize,
}

impl Applied {
    /// Adds what became of one flow's changes. A topic with a change that is not made does not count.
    pub fn add(&mut self, results: &[(Change, Outcome)]) {
        let is_whole = |change: &Change| {
            let same =
                |other: &&(Change, Outcome)| change.topic().is_some() && other.0.topic() == change.topic();
            results.iter().filter(same).all(|(_, outcome)| outcome.is_done())
        };
        let made = results.iter().filter(|(change, outcome)| outcome.is_done() && is_whole(change));
        let counts = Counts::of(made.map(|(change, _)| change));
        self.create += counts.create;
        self.change += counts.change;
        self.delete += counts.delete;
        let stopped = results.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Stopped)).count();
        self.stopped += stopped;
        self.failed += results.iter().filter(|(_, outcome)| !outcome.is_done()).count() - stopped;
    }

    /// Writes it as the last line of a run.
    pub fn line(self) -> String {
        let Self { create, change, delete, failed, stopped } = self;
        let stopped = if stopped > 0 { format!(", {stopped} not made (stopped)") } else { String::new() };
        format!("Applied: {create} created, {change} changed, {delete} deleted, {failed} failed{stopped}.")
    }
}

/// Returns the stable name of what became of a change.
pub fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Refused(_) => "refused",
        Outcome::Unanswered(_) => "unanswered",
        Outcome::MovedElsewhere(_) => "moved_elsewhere",
        Outcome::ThrottleStays(_) => "throttle_stays",
        Outcome::Stopped => "stopped",
        Outcome::AfterMove => "after_move",
    }
}

/// Makes the problem of a change that was not made; none for one that was made or stopped.
pub fn problem(flow: &str, cluster: &str, change: &Change, outcome: &Outcome) -> Option<Problem> {
    let start = |code| {
        let what = format!("not made: {}", in_short(change));
        Problem::new(code, Scope::Flow(flow.to_owned()), what).place(format!("cluster {cluster}"))
    };
    Some(match outcome {
        Outcome::Done | Outcome::Stopped => return None,
        Outcome::Refused(refusal) => {
            let problem = start("change_refused").cause(refusal.to_string());
            hint(change, refusal).into_iter().fold(problem, Problem::hint)
        }
        Outcome::Unanswered(error) => {
            let known = Problem::from(error);
            let problem = start("change_unanswered").cause(known.in_short());
            let problem = known.hints.into_iter().fold(problem, Problem::hint);
            problem.hint("run it again: what was made meanwhile is not made twice")
        }
        Outcome::MovedElsewhere(now) => start("moved_elsewhere")
            .cause(format!("its replicas are on {} now: somebody else moved them", ids(now)))
            .hint("plan again"),
        Outcome::ThrottleStays(refusal) => {
            let cause = refusal.as_ref().map_or_else(|| "no broker answered".to_owned(), ToString::to_string);
            start("throttle_stays")
                .cause(format!("the replicas are in place, the throttle could not be taken away: {cause}"))
                .hint("strait topics sync --clear-throttles --apply takes it away")
        }
        Outcome::AfterMove => start("after_move")
            .cause("it comes after the topic's replicas are moved, and they were not")
            .hint("mend what kept them, and run it again"),
    })
}

fn hint(change: &Change, refusal: &Refusal) -> Option<String> {
    let right = match change {
        Change::Create { .. } => "CREATE on the topic or the cluster",
        Change::Grow { .. } => "ALTER on the topic",
        Change::SetConfig { .. } | Change::UnsetConfig { .. } => "ALTER_CONFIGS on the topic",
        Change::Move { .. } => "ALTER on the cluster (and ALTER_CONFIGS for --throttle)",
        Change::Delete { .. } => "DELETE on the topic",
        Change::Unthrottle { .. } => "ALTER_CONFIGS on the cluster",
        Change::AddAcl { .. } => "ALTER on the cluster",
    };
    Some(match refusal.code {
        E::TopicAuthorizationFailed | E::ClusterAuthorizationFailed => {
            format!("grant this user {right} at the target")
        }
        E::PolicyViolation => "the brokers' policy class refuses it; ask whoever runs the cluster".to_owned(),
        E::InvalidConfig | E::InvalidRequest => {
            "set another value in provision.config_overrides, or correct it at the source".to_owned()
        }
        E::SecurityDisabled => "the brokers have no authorizer; run without --acls".to_owned(),
        E::TopicDeletionDisabled => "the brokers have delete.topic.enable=false".to_owned(),
        _ => return None,
    })
}

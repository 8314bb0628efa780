//! What `topics sync` says about a finding: what it is, and what to do.

use kafka_protocol::ResponseError as E;
use serde::Serialize;

use super::rights::name_user;
use crate::kafka::admin::Refusal;
use crate::kafka::error::code_name;
use crate::provision::change::{Finding, Kept, Side};

/// Partitions named in a text; all of them are in the JSON document.
const PARTITIONS_NAMED_MAX: usize = 3;

/// Holds a finding as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingJson {
    /// A stable name.
    pub code: &'static str,
    /// The topic, `null` where it concerns none in particular.
    pub topic: Option<String>,
    /// Whether it is only told, and counts for nothing.
    pub is_note: bool,
    /// What it is.
    pub message: String,
    /// What to do; `null` where there is nothing to.
    pub hint: Option<String>,
    /// For `replication_factor`, what would mend it: partition, brokers now, brokers then.
    pub moves: Vec<(i32, Vec<i32>, Vec<i32>)>,
}

impl FindingJson {
    /// Makes it; `principals` are the user at the source and at the target.
    pub fn new(finding: &Finding, principals: [&str; 2]) -> Self {
        let moves = match finding {
            Finding::ReplicationFactor { moves, .. } => moves.clone(),
            _ => Vec::new(),
        };
        Self {
            code: finding.code(),
            topic: finding.topic().map(ToString::to_string),
            is_note: finding.is_note(),
            message: message(finding),
            hint: hint(finding).map(|hint| name_user(&hint, principals)),
            moves,
        }
    }
}

/// Says what it is, without the topic's name.
pub fn message(finding: &Finding) -> String {
    match finding {
        Finding::MissingAtSource { .. } => "the configuration names it, and the source has none".to_owned(),
        Finding::Hidden { end, code, .. } => {
            format!("the {end} does not show it: {}", code_name(code))
        }
        Finding::ConfigsHidden { end, refusal, .. } => {
            format!("its configs cannot be read at the {end}: {refusal}")
        }
        Finding::MorePartitions { source, target, .. } => {
            format!("source has {}, target {target}; none can be taken away", plural(*source, "partition"))
        }
        Finding::ReplicationFactorAboveBrokers { wanted, brokers, .. } => {
            format!("replication factor {wanted} with {} at the target", plural(*brokers, "broker"))
        }
        Finding::MinInsyncAboveReplicas { min_insync, replication_factor, is_set, .. } => {
            let has = if *is_set { "is" } else { "would be" };
            format!(
                "min.insync.replicas {has} {min_insync} with replication factor {replication_factor}: nothing \
                 could be written"
            )
        }
        Finding::ReplicationFactor { wanted, moves, .. } => {
            let factor: Vec<usize> = distinct(moves.iter().map(|(_, from, _)| from.len()));
            let factor: Vec<String> = factor.iter().map(ToString::to_string).collect();
            let named: Vec<String> = moves.iter().take(PARTITIONS_NAMED_MAX).map(one_move).collect();
            let more = moves.len().saturating_sub(PARTITIONS_NAMED_MAX);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            format!(
                "replication factor {} in {}, {wanted} is wanted; replicas would move: {}{more}",
                factor.join(" or "),
                plural(moves.len(), "partition"),
                named.join("; ")
            )
        }
        Finding::BeingMoved { partitions, .. } => {
            format!(
                "replicas of {} are being moved; their number is not judged",
                plural(*partitions, "partition")
            )
        }
        Finding::ThrottledReplicas { keys, is_certain, .. } => {
            let unless =
                if *is_certain { "nobody moves them" } else { "it is not told whether they are moved" };
            format!("its replicas are throttled ({}), and {unless}", keys.join(", "))
        }
        Finding::ThrottledBrokers { brokers } => {
            let names: Vec<String> = brokers.iter().map(ToString::to_string).collect();
            format!("replication is limited on {}, and nobody moves replicas", names.join(", "))
        }
        Finding::AclsHidden { end, refusal } => format!("ACLs cannot be read at the {end}: {refusal}"),
        Finding::TwoFlows { heard, .. } => {
            format!("flow \"{heard}\" copies to it too and wants it otherwise; it was heard")
        }
        Finding::OnlyAtTarget { kept: None, .. } => "at the target only; not deleted".to_owned(),
        Finding::OnlyAtTarget { kept: Some(kept), .. } => match kept {
            Kept::SourceOf(flow) => format!("at the target only; kept, flow \"{flow}\" copies it from there"),
            Kept::TargetOf(flow) => {
                format!("not at this flow's source; kept, flow \"{flow}\" may copy to it")
            }
            Kept::Doubtful(code) => {
                format!("kept: whether the source has it is not known ({})", code_name(code))
            }
        },
        Finding::ConfigOnlyAtTarget { key, value, .. } => format!("{key}={value} at the target only; kept"),
        Finding::WritersLeftOut { count, principals } => {
            let entries = if *count == 1 { "entry" } else { "entries" };
            format!(
                "{count} {entries} that let {} write left out or cut down to reading",
                principals.join(", ")
            )
        }
        Finding::EveryTopicLeftOut { count, principals } => {
            let entries = if *count == 1 { "entry" } else { "entries" };
            format!("{count} {entries} for every topic (*) left out: {}", principals.join(", "))
        }
    }
}

/// Says what to do about it.
pub fn hint(finding: &Finding) -> Option<String> {
    Some(match finding {
        Finding::MissingAtSource { .. } => "correct the flow's topics, or create it at the source".to_owned(),
        Finding::Hidden { end, .. } => format!("grant this user DESCRIBE on it at the {end}"),
        Finding::ConfigsHidden { end, .. } => format!("grant this user DESCRIBE_CONFIGS on it at the {end}"),
        Finding::MorePartitions { .. } => {
            "grow it at the source too, or let it be: the partitions above the source's stay empty".to_owned()
        }
        Finding::ReplicationFactorAboveBrokers { brokers, .. } => {
            format!("lower provision.replication_factor to {brokers} or less, or add brokers")
        }
        Finding::MinInsyncAboveReplicas { replication_factor, .. } => format!(
            "set config_overrides = {{ \"min.insync.replicas\" = \"{replication_factor}\" }}, or have more \
             replicas: provision.replication_factor, with --fix-replication"
        ),
        Finding::ReplicationFactor { .. } => {
            "--fix-replication moves them (--throttle BYTES/s limits what that takes)".to_owned()
        }
        Finding::ThrottledReplicas { is_certain: false, .. } => {
            "grant this user DESCRIBE on the cluster at the target, which tells of moves".to_owned()
        }
        Finding::ThrottledReplicas { .. } | Finding::ThrottledBrokers { .. } => {
            "a run that moved them was killed, or left it: --clear-throttles takes it away".to_owned()
        }
        Finding::AclsHidden { end, refusal } => acl_hint(*end, refusal),
        Finding::TwoFlows { .. } => {
            "give one of the flows another rename, topics, or the same config_overrides".to_owned()
        }
        Finding::OnlyAtTarget { kept: None, .. } => "--allow-delete deletes it".to_owned(),
        Finding::OnlyAtTarget { kept: Some(Kept::Doubtful(_)), .. } => {
            "grant this user DESCRIBE on it at the source".to_owned()
        }
        Finding::ConfigOnlyAtTarget { .. } => "--prune takes it away".to_owned(),
        Finding::WritersLeftOut { .. } => "--acl-writes adds them as they are".to_owned(),
        Finding::EveryTopicLeftOut { .. } => {
            "they would reach beyond the flow; add them at the target by hand".to_owned()
        }
        Finding::BeingMoved { .. } | Finding::OnlyAtTarget { .. } => return None,
    })
}

fn acl_hint(end: Side, refusal: &Refusal) -> String {
    match refusal.code {
        E::SecurityDisabled => format!("run without --acls: the {end}'s brokers have no authorizer"),
        _ => format!("grant this user DESCRIBE on the cluster at the {end}"),
    }
}

/// Writes `0: 1 -> 1,2,3`.
fn one_move((partition, from, to): &(i32, Vec<i32>, Vec<i32>)) -> String {
    format!("{partition}: {} -> {}", ids(from), ids(to))
}

/// Writes brokers as `1,2,3`.
pub fn ids(ids: &[i32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Writes `1 partition`, `2 partitions`.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn distinct(values: impl Iterator<Item = usize>) -> Vec<usize> {
    values.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

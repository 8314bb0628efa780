//! How far consumer groups are, at the source and at the target, and how far apart the two are.

use std::collections::HashMap;

use futures_util::future::join;

use super::gather::FlowFacts;
use super::measure::Status;
use crate::config::settings::FlowSettings;
use crate::engine::offset_map::{OffsetMap, Translation};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, code_name};
use crate::kafka::groups::{self, Committed, GroupListing, OffsetsByGroup};
use crate::types::{FlowName, TargetOffset, TopicPartition};

/// Holds what a flow's groups have committed at both ends.
#[derive(Debug, Default)]
pub struct GroupFacts {
    /// The groups the source lists and the flow selects.
    pub listed: Vec<GroupListing>,
    /// What they committed at the source.
    pub at_source: OffsetsByGroup,
    /// What the groups of the same names committed at the target.
    pub at_target: OffsetsByGroup,
    /// Brokers of the source whose groups are not known.
    pub failures: Vec<KafkaError>,
}

/// Reads the groups that a flow selects and `is_wanted` picks; one try.
pub async fn gather(
    flow: &FlowSettings,
    source: &Cluster,
    target: &Cluster,
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
) -> GroupFacts {
    if flow.groups.is_empty() {
        return GroupFacts::default();
    }
    let groups::Groups { mut listed, failures } = groups::list(source).await;
    let is_selected = |group: &str| flow.groups.matches(group) && is_wanted(group);
    listed.retain(|group| group.is_of_consumers() && is_selected(&group.group));
    // A listing leaves out what may not be seen; asked for by name such a group tells why.
    let is_listed = |group: &str| listed.iter().any(|known| known.group == group);
    let unlisted: Vec<GroupListing> = flow
        .groups
        .literals()
        .filter(|group| is_selected(group) && !is_listed(group))
        .map(GroupListing::unlisted)
        .collect();
    listed.extend(unlisted);
    let names: Vec<String> = listed.iter().map(|group| group.group.clone()).collect();
    let (at_source, at_target) =
        join(groups::committed(source, &names, false), groups::committed(target, &names, false)).await;
    GroupFacts { listed, at_source, at_target, failures }
}

/// Holds one group's place in one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupPartition {
    /// The partition at the source.
    pub source: TopicPartition,
    /// What it committed at the source.
    pub source_offset: Option<i64>,
    /// Source offsets from there to the end.
    pub source_lag: Option<i64>,
    /// What it committed at the target.
    pub target_offset: Option<i64>,
    /// Target offsets from there to the end.
    pub target_lag: Option<i64>,
    /// Source offsets by which the group's place at the target is behind its place at the source;
    /// negative where it is ahead.
    pub apart: Option<i64>,
    /// False where `apart` is a bound: the offset map lost track there.
    pub is_apart_exact: bool,
    /// Why something is not known.
    pub unknown: Option<String>,
}

/// Holds one group in one flow.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupLag {
    /// The flow.
    pub flow: FlowName,
    /// The group.
    pub group: String,
    /// The coordinator's word at the source, such as `Stable` or `Empty`; empty where it has none.
    pub state: String,
    /// Whether all is known.
    pub status: Status,
    /// Why not.
    pub reason: Option<String>,
    /// Its partitions within the flow.
    pub partitions: Vec<GroupPartition>,
}

/// Adds what is known; `None` where nothing is.
pub fn sum(values: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    values.flatten().reduce(|sum, value| sum + value)
}

impl GroupLag {
    /// Source offsets behind the end, all partitions together.
    pub fn source_lag(&self) -> Option<i64> {
        sum(self.partitions.iter().map(|one| one.source_lag))
    }

    /// Target offsets behind the end, all partitions together.
    pub fn target_lag(&self) -> Option<i64> {
        sum(self.partitions.iter().map(|one| one.target_lag))
    }

    /// Source offsets by which the target's place is behind, all partitions together: what an application
    /// that moved now would read again.
    pub fn apart(&self) -> Option<i64> {
        sum(self.partitions.iter().map(|one| one.apart))
    }
}

/// Makes the rows of a flow's groups. A group without any offset in the flow's topics is none of them.
pub fn measure(flow: &FlowSettings, facts: &FlowFacts) -> Vec<GroupLag> {
    let groups = &facts.groups;
    // Every group needs the same maps, each put together once.
    let maps: HashMap<&TopicPartition, Option<OffsetMap>> = if groups.listed.is_empty() {
        HashMap::new()
    } else {
        let map = |name| facts.state.as_ref().and_then(|state| state.map(name).ok().flatten());
        facts.partitions.iter().map(|one| (&one.source, map(&one.source))).collect()
    };
    let rows = groups.listed.iter().map(|listing| {
        let (at_source, at_target) =
            (groups.at_source.get(&listing.group), groups.at_target.get(&listing.group));
        let failure = [("source", at_source), ("target", at_target)]
            .into_iter()
            .find_map(|(end, side)| Some(unread(end, side?.as_ref().err()?)));
        let committed = |side: Option<&Result<groups::Offsets, KafkaError>>, name: &TopicPartition| {
            side.and_then(|side| side.as_ref().ok()).and_then(|offsets| offsets.get(name).cloned())
        };
        let partitions: Vec<GroupPartition> = facts
            .partitions
            .iter()
            .filter_map(|one| {
                let here = committed(at_source, &one.source);
                let there = committed(at_target, &one.target);
                if here.is_none() && there.is_none() {
                    return None;
                }
                let ends = Ends {
                    source: one.bounds.as_ref().ok().map(|bounds| (bounds.first, bounds.end)),
                    target: one.target_end,
                };
                let map = maps.get(&one.source).and_then(Option::as_ref);
                Some(place(one.source.clone(), here, there, ends, map))
            })
            .collect();
        let reason = failure.or_else(|| partitions.iter().find_map(|one| one.unknown.clone()));
        GroupLag {
            flow: flow.name.clone(),
            group: listing.group.clone(),
            state: listing.state.clone(),
            status: if reason.is_some() { Status::Unknown } else { Status::Ok },
            reason,
            partitions,
        }
    });
    rows.filter(|row| !row.partitions.is_empty() || row.reason.is_some()).collect()
}

/// Says why a group's offsets cannot be read at one end.
fn unread(end: &str, error: &KafkaError) -> String {
    let text = format!("its offsets at the {end} cannot be read: {error}");
    let is_refused = text.contains("GROUP_AUTHORIZATION_FAILED");
    if is_refused { format!("{text}; grant Describe on the group") } else { text }
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    source: Option<(i64, i64)>,
    target: Option<i64>,
}

type Told = Option<Result<Committed, kafka_protocol::ResponseError>>;

fn place(
    source: TopicPartition,
    here: Told,
    there: Told,
    ends: Ends,
    map: Option<&OffsetMap>,
) -> GroupPartition {
    let refused = [&here, &there].into_iter().flatten().find_map(|told| told.as_ref().err().copied());
    let offset = |told: Told| told.and_then(Result::ok).map(|committed| committed.offset);
    let (source_offset, target_offset) = (offset(here), offset(there));
    let unknown = match (refused, source_offset, ends.source, target_offset, ends.target) {
        (Some(code), ..) => Some(format!("its offset in {source} cannot be told: {}", code_name(&code))),
        (None, Some(_), None, ..) => Some(format!("the end of {source} is not known")),
        (None, _, _, Some(_), None) => Some(format!("the end of {source} at the target is not known")),
        _ => None,
    };
    // A commit below the log start waits for no more than what is there.
    let source_lag =
        source_offset.zip(ends.source).map(|(offset, (first, end))| (end - offset.max(first)).max(0));
    let target_lag = target_offset.zip(ends.target).map(|(offset, end)| (end - offset).max(0));
    let there = target_offset.zip(map).map(|(offset, map)| map.to_source(TargetOffset(offset)));
    let (at, is_apart_exact) = match there {
        Some(Translation::Exact(at)) => (Some(at.0), true),
        Some(Translation::AtOrBefore(at)) => (Some(at.0), false),
        Some(Translation::Unknown(_)) | None => (None, false),
    };
    let apart = source_offset.zip(at).map(|(here, there)| here - there);
    GroupPartition {
        source,
        source_offset,
        source_lag,
        target_offset,
        target_lag,
        apart,
        is_apart_exact,
        unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::offset_map::Pair;
    use kafka_protocol::ResponseError;

    fn at(offset: i64) -> Told {
        Some(Ok(Committed { offset, leader_epoch: None, metadata: String::new() }))
    }

    fn placed(here: Told, there: Told) -> GroupPartition {
        let mut map = OffsetMap::new(Pair { source: 100, target: 0 });
        map.append(100, 0, 50);
        let ends = Ends { source: Some((100, 200)), target: Some(50) };
        place(TopicPartition::new("orders", 0), here, there, ends, Some(&map))
    }

    #[test]
    fn the_two_places_are_compared_in_source_offsets() {
        let one = placed(at(130), at(20));
        assert_eq!((one.source_lag, one.target_lag, one.apart), (Some(70), Some(30), Some(10)));
        assert!(one.is_apart_exact && one.unknown.is_none());
        // A group that went on at the target is ahead there.
        assert_eq!(placed(at(110), at(20)).apart, Some(-10));
    }

    #[test]
    fn g11_no_commit_is_no_lag_and_one_below_the_log_start_no_phantom() {
        let one = placed(at(40), None);
        assert_eq!((one.source_lag, one.target_lag, one.apart), (Some(100), None, None));
        assert_eq!(placed(at(210), None).source_lag, Some(0));
        let refused = placed(Some(Err(ResponseError::UnstableOffsetCommit)), None);
        assert!(refused.source_lag.is_none() && refused.unknown.is_some());
    }
}

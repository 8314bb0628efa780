//! Finding out what a plan is made from: groups and offsets of both ends, and the partitions' maps.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures_util::future::join;

use super::plan::{AtTarget, Found, FoundGroup};
use crate::config::patterns::GroupSelector;
use crate::engine::mapping::{Both, Mapped, Unmapped, Wanted, log_ends, maps};
use crate::engine::state_read::StateReader;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, Remedy};
use crate::kafka::groups::{
    self, ByGroup, GroupListing, Groups, Member, Offsets, classic_members, consumer_members, patiently,
};
use crate::kafka::retry::Backoff;
use crate::types::TopicPartition;

/// Says which groups are meant.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// What the flow says.
    pub flow: &'a GroupSelector,
    /// What was asked for; nothing for all of the flow's.
    pub only: Option<&'a GroupSelector>,
}

impl Selection<'_> {
    fn matches(&self, group: &str) -> bool {
        self.flow.matches(group) && self.only.is_none_or(|only| only.matches(group))
    }

    /// Lists the groups named in full; these are asked for even where no broker lists them.
    fn literals(&self) -> impl Iterator<Item = &str> {
        let asked = self.only.into_iter().flat_map(GroupSelector::literals);
        self.flow.literals().chain(asked).filter(|group| self.matches(group))
    }
}

/// Holds what was found, and what could not be.
#[derive(Debug)]
pub struct Gathered {
    /// What the plan is made from.
    pub found: Found,
    /// Brokers of the source that did not list their groups.
    pub failures: Vec<KafkaError>,
    /// Selected groups that committed nothing for the flow's topics.
    pub without_offsets: usize,
    /// False where the flow never ran: there is no state topic.
    pub has_state: bool,
}

/// Finds out about the selected groups. The error is one that leaves nothing to plan from.
pub async fn gather(
    both: &Both<'_>,
    selection: Selection<'_>,
    state: &mut StateReader,
) -> Result<Gathered, KafkaError> {
    let chosen = choose(both, selection, |_| true).await;
    let partitions = chosen.partitions();
    let wanted = wanted(&chosen.offsets);
    let map = async {
        // In this order: see LogEnds.
        let ends = log_ends(both, &partitions).await?;
        let has_state = state.catch_up().await?;
        Ok::<_, KafkaError>((maps(both, &ends, state.state(), &wanted).await, has_state))
    };
    let (mapped, there) = join(map, chosen.there(both)).await;
    let (maps, has_state) = mapped?;
    let Chosen { offsets, failures, without_offsets, .. } = chosen;
    let found = found(both, offsets, there, maps);
    Ok(Gathered { found, failures, without_offsets, has_state })
}

/// The selected groups, with what they committed at the source.
#[derive(Debug)]
pub struct Chosen {
    /// What each committed for the partitions in question; groups without any are left out.
    pub offsets: ByGroup<Offsets>,
    /// Brokers of the source that did not list their groups.
    pub failures: Vec<KafkaError>,
    /// How many groups were left out.
    pub without_offsets: usize,
    listed_at_target: Groups,
}

/// Lists groups and reads what they committed at the source for the flow's topics, where `is_ours` says so.
pub async fn choose(
    both: &Both<'_>,
    selection: Selection<'_>,
    is_ours: impl Fn(&TopicPartition) -> bool,
) -> Chosen {
    let Both { source, target, patience, .. } = *both;
    let (listed, listed_at_target) = join(list(source, patience), list(target, patience)).await;
    let named = selection.literals().map(str::to_owned);
    let is_meant = |group: &&GroupListing| group.commits_offsets() && selection.matches(&group.group);
    let selected = listed.listed.iter().filter(is_meant).map(|group| group.group.clone());
    let ids: BTreeSet<String> = selected.chain(named).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let (mut offsets, mut without_offsets) = (ByGroup::new(), 0);
    for (group, committed) in committed(source, &ids, patience).await {
        let ours = committed.map(|mut committed| {
            committed.retain(|partition, _| {
                both.flow.topics.matches(partition.topic.as_str()) && is_ours(partition)
            });
            committed
        });
        if ours.as_ref().is_ok_and(Offsets::is_empty) {
            without_offsets += 1;
        } else {
            offsets.insert(group, ours);
        }
    }
    Chosen { offsets, failures: listed.failures, without_offsets, listed_at_target }
}

impl Chosen {
    /// Lists the partitions that any of the groups committed for.
    pub fn partitions(&self) -> Vec<TopicPartition> {
        let all: BTreeSet<&TopicPartition> =
            self.offsets.values().flatten().flat_map(Offsets::keys).collect();
        all.into_iter().cloned().collect()
    }

    /// Finds out what the groups are at the target.
    pub async fn there(&self, both: &Both<'_>) -> ByGroup<AtTarget> {
        let moved = self.offsets.iter().filter(|(_, offsets)| offsets.is_ok());
        let moved: Vec<String> = moved.map(|(group, _)| group.clone()).collect();
        there(both.target, &self.listed_at_target, &moved, both.patience).await
    }
}

/// Puts together what a plan is made from.
pub fn found(
    both: &Both<'_>,
    offsets: ByGroup<Offsets>,
    mut there: ByGroup<AtTarget>,
    maps: HashMap<TopicPartition, Result<Mapped, Unmapped>>,
) -> Found {
    let mut found = Found { maps, ..Found::default() };
    for (group, at_source) in offsets {
        let partitions = at_source.iter().flat_map(Offsets::keys);
        let targets = partitions.map(|partition| (partition.clone(), both.target_of(partition)));
        found.targets.extend(targets);
        let state = at_source.map(|at_source| {
            let at_target = there.remove(&group).unwrap_or_else(|| Ok(AtTarget::default()));
            FoundGroup { at_source, at_target }
        });
        found.groups.insert(group, state);
    }
    found
}

/// Lists a cluster's groups; a broker that fails is asked again while that may help.
async fn list(cluster: &Cluster, patience: Duration) -> Groups {
    let deadline = tokio::time::Instant::now() + patience;
    let mut backoff = Backoff::default();
    loop {
        let groups = groups::list(cluster).await;
        let may_pass = groups.failures.iter().any(|error| error.remedy() != Remedy::Fatal);
        let pause = backoff.next_pause();
        if !may_pass || tokio::time::Instant::now() + pause >= deadline {
            return groups;
        }
        tokio::time::sleep(pause).await;
        // Brokers may have come or gone; where this fails too, the listing tells why.
        let _ = cluster.metadata(Some(&[])).await;
    }
}

/// Reads what groups committed; what is part of an open transaction does not count yet.
async fn committed(cluster: &Cluster, ids: &[String], patience: Duration) -> ByGroup<Offsets> {
    patiently(cluster, ids, patience, async |ids: &[String]| groups::committed(cluster, ids, false).await)
        .await
}

/// Returns the highest offset to be translated in each partition.
fn wanted(groups: &ByGroup<Offsets>) -> BTreeMap<TopicPartition, Wanted> {
    let mut wanted: BTreeMap<TopicPartition, Wanted> = BTreeMap::new();
    for (partition, committed) in groups.values().flatten().flatten() {
        let highest = wanted.entry(partition.clone()).or_insert(Wanted { source: 0, target: 0 });
        if let Ok(committed) = committed {
            highest.source = highest.source.max(committed.offset);
        }
    }
    wanted
}

/// Finds out what the groups are at the target.
async fn there(target: &Cluster, listed: &Groups, ids: &[String], patience: Duration) -> ByGroup<AtTarget> {
    let known: BTreeMap<&str, &GroupListing> =
        listed.listed.iter().map(|group| (group.group.as_str(), group)).collect();
    let (mut classic, mut new) = (Vec::new(), Vec::new());
    for id in ids {
        match known.get(id.as_str()) {
            // Not listed: not there; or by a broker that did not answer, or from before 2.6: asked.
            None if listed.failures.is_empty() => {}
            Some(group) if group.has_members() == Some(false) => {}
            Some(group) if group.is_new_protocol() => new.push(id.clone()),
            _ => classic.push(id.clone()),
        }
    }
    let of_classic =
        patiently(target, &classic, patience, async |ids: &[String]| classic_members(target, ids).await);
    let of_new =
        patiently(target, &new, patience, async |ids: &[String]| consumer_members(target, ids).await);
    let (offsets, (mut members, of_new)) =
        join(committed(target, ids, patience), join(of_classic, of_new)).await;
    members.extend(of_new);
    let mut there = ByGroup::new();
    for (group, offsets) in offsets {
        let listing = known.get(group.as_str()).copied();
        let state = match (members.remove(&group), offsets) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (members, Ok(offsets)) => {
                let members = members.and_then(Result::ok).unwrap_or_default();
                Ok(AtTarget { members: or_unnamed(members, listing), offsets })
            }
        };
        there.insert(group, state);
    }
    there
}

/// A group that is listed as having members has some, though their names are of a protocol that is not
/// known here (Streams), or they are just joining.
fn or_unnamed(members: Vec<Member>, listing: Option<&GroupListing>) -> Vec<Member> {
    match listing {
        Some(group) if members.is_empty() && group.has_members() == Some(true) => {
            vec![Member { client_id: "unnamed".to_owned(), host: group.state.clone(), instance_id: None }]
        }
        _ => members,
    }
}

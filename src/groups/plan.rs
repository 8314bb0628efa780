//! What is to be committed for each group, and what cannot be, with the reason; pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kafka_protocol::ResponseError;

use super::translation::{Bound, Translated, to_target};
use crate::engine::mapping::{Mapped, Unmapped};
use crate::engine::offset_map::Untranslated;
use crate::kafka::error::{KafkaError, code_name};
use crate::kafka::groups::{Commit, Member, Offsets};
use crate::types::{TargetOffset, TopicPartition};

/// Holds one group as it was found.
#[derive(Clone, Debug)]
pub struct FoundGroup {
    /// What it committed at the source, of the flow's topics.
    pub at_source: Offsets,
    /// What it committed at the target, and who is in it there.
    pub at_target: Result<AtTarget, KafkaError>,
}

/// Holds a group as it is at the target; one that is not there has neither members nor offsets.
#[derive(Clone, Debug, Default)]
pub struct AtTarget {
    /// Its members.
    pub members: Vec<Member>,
    /// What it committed.
    pub offsets: Offsets,
}

/// Everything a plan is made from.
#[derive(Debug, Default)]
pub struct Found {
    /// The groups with offsets of the flow's topics; or why one's cannot be read at the source.
    pub groups: BTreeMap<String, Result<FoundGroup, KafkaError>>,
    /// What is known of the source partitions they are about.
    pub maps: HashMap<TopicPartition, Result<Mapped, Unmapped>>,
    /// Where each source partition is copied to.
    pub targets: HashMap<TopicPartition, TopicPartition>,
}

/// Says what is to be done for one group.
#[derive(Clone, Debug)]
pub struct GroupPlan {
    /// The group.
    pub group: String,
    /// Why nothing of it can be moved, if so.
    pub blocked: Option<Blocked>,
    /// Its offsets, by source partition.
    pub moves: Vec<Move>,
}

/// Says why a group cannot be moved at all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Blocked {
    /// Somebody reads in it at the target; only members may commit for a group that has some.
    #[error("it has {} at the target: {}", count(.members.len()), names(.members))]
    Active {
        /// Its members there.
        members: Vec<Member>,
    },
    /// Its offsets at the source cannot be read.
    #[error("its offsets at the source cannot be read: {0}")]
    Source(KafkaError),
    /// What it is at the target cannot be found out.
    #[error("its state at the target cannot be read: {0}")]
    Target(KafkaError),
}

/// Lists the target partitions where some group's offset is only a bound, in its place or about to be.
pub fn bound_offsets(plans: &[GroupPlan]) -> BTreeSet<TopicPartition> {
    let moves = plans.iter().flat_map(|plan| &plan.moves);
    let is_bound = |planned: &&Move| {
        let is_there = matches!(planned.step, Step::Commit | Step::Rewind | Step::InPlace);
        is_there && planned.translated.as_ref().is_some_and(|translated| translated.bound.is_some())
    };
    moves.filter(is_bound).map(|planned| planned.target.clone()).collect()
}

/// Says what is to be done about one committed offset.
#[derive(Clone, Debug)]
pub struct Move {
    /// The partition at the source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    /// What the group committed at the source; `None` where that cannot be told.
    pub committed: Option<i64>,
    /// What it wrote beside it.
    pub metadata: String,
    /// What it has committed at the target.
    pub at_target: Option<i64>,
    /// The offset to commit at the target, where it is known.
    pub translated: Option<Translated>,
    /// What is to be done.
    pub step: Step,
}

/// Says what is to be done about an offset.
#[derive(Clone, Debug)]
pub enum Step {
    /// Commit it: none is there, or one further back.
    Commit,
    /// Commit it though the group is further at the target, because that was asked for.
    Rewind,
    /// Nothing: it is there already.
    InPlace,
    /// Nothing can be done.
    Left(Left),
}

/// Says why an offset is not moved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Left {
    /// The group is further at the target.
    #[error("at the target the group is further, at {at_target}; --allow-rewind would take it back")]
    TargetAhead {
        /// Where it is there.
        at_target: i64,
    },
    /// The partition's offsets cannot be translated.
    #[error(transparent)]
    Unmapped(#[from] Unmapped),
    /// This offset cannot be translated.
    #[error(transparent)]
    Untranslated(#[from] Untranslated),
    /// The source's coordinator does not tell the offset.
    #[error("its committed offset cannot be read: {}", code_name(.0))]
    Unread(ResponseError),
    /// The target's coordinator does not tell what is committed there.
    #[error("what is committed at the target cannot be read: {}", code_name(.0))]
    TargetUnread(ResponseError),
    /// The group as a whole cannot be moved.
    #[error("the group cannot be moved")]
    Blocked,
}

impl Blocked {
    /// Returns the cause's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Active { .. } => "active",
            Self::Source(error) | Self::Target(error) => match error.code() {
                Some(ResponseError::GroupAuthorizationFailed | ResponseError::TopicAuthorizationFailed) => {
                    "not_authorized"
                }
                _ => "unreadable",
            },
        }
    }

    /// Says whether more is known than that it could not be found out.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

impl Left {
    /// Returns the cause's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TargetAhead { .. } => "target_ahead",
            Self::Unmapped(why) => why.code(),
            Self::Untranslated(Untranslated::BeforeMap { .. }) => "before_copy",
            Self::Untranslated(_) => "untranslated",
            Self::Unread(_) | Self::TargetUnread(_) => "unreadable",
            Self::Blocked => "blocked",
        }
    }

    /// Says whether more is known than that it could not be found out.
    pub fn is_known(&self) -> bool {
        match self {
            Self::TargetAhead { .. } | Self::Untranslated(_) | Self::Blocked => true,
            Self::Unmapped(why) => {
                matches!(why, Unmapped::NotBegun | Unmapped::Recreated { .. } | Unmapped::Missing { .. })
            }
            Self::Unread(_) | Self::TargetUnread(_) => false,
        }
    }
}

impl Move {
    /// Says whether something is to be committed.
    pub fn is_change(&self) -> bool {
        matches!(self.step, Step::Commit | Step::Rewind)
    }

    /// Returns why the translation is only a bound.
    pub fn bound(&self) -> Option<Bound> {
        self.translated.as_ref().and_then(|translated| translated.bound)
    }

    /// Returns the commit that carries the move out.
    pub fn commit(&self) -> Option<Commit> {
        let translated = self.translated.as_ref().filter(|_| self.is_change())?;
        Some(Commit {
            partition: self.target.clone(),
            offset: TargetOffset(translated.offset),
            metadata: self.metadata.clone(),
        })
    }
}

/// Plans all groups, by name.
pub fn plan(found: &Found, may_rewind: bool) -> Vec<GroupPlan> {
    let each = found.groups.iter().map(|(group, state)| {
        let group = group.clone();
        let state = match state {
            Ok(state) => state,
            Err(error) => {
                return GroupPlan { group, blocked: Some(Blocked::Source(error.clone())), moves: Vec::new() };
            }
        };
        let (blocked, at_target) = match &state.at_target {
            Ok(there) if there.members.is_empty() => (None, Some(&there.offsets)),
            Ok(there) => (Some(Blocked::Active { members: there.members.clone() }), Some(&there.offsets)),
            Err(error) => (Some(Blocked::Target(error.clone())), None),
        };
        let of = |(source, committed): (&TopicPartition, &Result<_, ResponseError>)| {
            let target = found.targets.get(source).unwrap_or(source).clone();
            let there = at_target.and_then(|offsets| offsets.get(&target));
            let (committed, metadata) = match committed {
                Ok(crate::kafka::groups::Committed { offset, metadata, .. }) => {
                    (Ok(*offset), metadata.clone())
                }
                Err(code) => (Err(*code), String::new()),
            };
            let translated =
                committed.map_err(Left::Unread).and_then(|offset| translate(found, source, offset));
            let at_target = there.map(|there| there.as_ref().map(|there| there.offset).map_err(|code| *code));
            let (translated, step) = match translated {
                Ok(translated) => {
                    let step = step(translated.offset, at_target, may_rewind);
                    let step =
                        if blocked.is_some() && is_change(&step) { Step::Left(Left::Blocked) } else { step };
                    (Some(translated), step)
                }
                Err(left) => (None, Step::Left(left)),
            };
            let (committed, at_target) = (committed.ok(), at_target.and_then(Result::ok));
            Move { source: source.clone(), target, committed, metadata, at_target, translated, step }
        };
        let moves: Vec<Move> = state.at_source.iter().map(of).collect();
        GroupPlan { group, blocked, moves }
    });
    each.collect()
}

fn is_change(step: &Step) -> bool {
    matches!(step, Step::Commit | Step::Rewind)
}

fn translate(found: &Found, partition: &TopicPartition, offset: i64) -> Result<Translated, Left> {
    match found.maps.get(partition) {
        Some(Ok(mapped)) => Ok(to_target(mapped, offset)?),
        Some(Err(why)) => Err(why.clone().into()),
        None => Err(Unmapped::NotBegun.into()),
    }
}

/// Decides about one offset: never backwards unless that was asked for.
fn step(wanted: i64, at_target: Option<Result<i64, ResponseError>>, may_rewind: bool) -> Step {
    match at_target {
        None => Step::Commit,
        Some(Err(code)) => Step::Left(Left::TargetUnread(code)),
        Some(Ok(there)) if there == wanted => Step::InPlace,
        Some(Ok(there)) if there < wanted => Step::Commit,
        Some(Ok(_)) if may_rewind => Step::Rewind,
        Some(Ok(at_target)) => Step::Left(Left::TargetAhead { at_target }),
    }
}

fn count(members: usize) -> String {
    if members == 1 { "a member".to_owned() } else { format!("{members} members") }
}

/// Most members named.
const NAMED_MAX: usize = 5;

fn names(members: &[Member]) -> String {
    let mut names: Vec<String> = members.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    if members.len() > NAMED_MAX {
        names.push(format!("and {} more", members.len() - NAMED_MAX));
    }
    names.join(", ")
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

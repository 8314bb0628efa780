//! Which target partitions are this process's, and what is being done about each: plain, without clock
//! or I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::types::TopicPartition;

/// Says what is being done about a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// It is being looked up and started.
    Taking,
    /// It is copied here.
    Holding,
    /// It is being let go of: what is under way for it has to end first.
    Leaving,
}

/// Compares what the group assigned with what is done here.
#[derive(Debug, Default)]
pub struct Shares {
    assigned: BTreeSet<TopicPartition>,
    doing: BTreeMap<TopicPartition, Doing>,
    /// When a partition that could not be kept or taken is tried again, while it is assigned.
    not_before: BTreeMap<TopicPartition, Instant>,
}

/// Says what to do about partitions that are no longer ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToLeave {
    /// These are copied here: stop copying.
    pub held: BTreeSet<TopicPartition>,
    /// All of them that are not left yet, those being taken included; whoever waits for the leaving waits
    /// until [`Shares::is_left`] says so of each.
    pub pending: BTreeSet<TopicPartition>,
}

impl Shares {
    /// Takes note of partitions that became ours.
    pub fn on_assigned(&mut self, partitions: impl IntoIterator<Item = TopicPartition>) {
        self.assigned.extend(partitions);
    }

    /// Takes note of partitions that are no longer ours, and says what has to be done.
    pub fn on_unassigned(&mut self, partitions: &[TopicPartition]) -> ToLeave {
        let mut to_leave = ToLeave::default();
        for partition in partitions {
            self.assigned.remove(partition);
            self.not_before.remove(partition);
            let Some(doing) = self.doing.get_mut(partition) else { continue };
            if *doing == Doing::Holding {
                to_leave.held.insert(partition.clone());
            }
            *doing = Doing::Leaving;
            to_leave.pending.insert(partition.clone());
        }
        to_leave
    }

    /// Returns the partitions to be taken now; they count as being taken from here on.
    pub fn to_take(&mut self, now: Instant) -> BTreeSet<TopicPartition> {
        let is_due = |partition: &&TopicPartition| {
            !self.doing.contains_key(*partition)
                && self.not_before.get(*partition).is_none_or(|at| now >= *at)
        };
        let to_take: BTreeSet<_> = self.assigned.iter().filter(is_due).cloned().collect();
        for partition in &to_take {
            self.not_before.remove(partition);
            self.doing.insert(partition.clone(), Doing::Taking);
        }
        to_take
    }

    /// Takes note that a partition was taken; returns false where it is no longer wanted and was let go
    /// of with this.
    pub fn on_taken(&mut self, partition: &TopicPartition) -> bool {
        match self.doing.get_mut(partition) {
            Some(doing @ Doing::Taking) => {
                *doing = Doing::Holding;
                true
            }
            Some(Doing::Holding) => true,
            Some(Doing::Leaving) | None => {
                self.on_left(partition);
                false
            }
        }
    }

    /// Takes note that a partition is not copied here any more, or could not be taken; while it is
    /// assigned, it is taken again from `again_at` on.
    pub fn on_failed(&mut self, partition: &TopicPartition, again_at: Instant) {
        self.doing.remove(partition);
        if self.assigned.contains(partition) {
            self.not_before.insert(partition.clone(), again_at);
        }
    }

    /// Takes note that nothing is under way for a partition any more.
    pub fn on_left(&mut self, partition: &TopicPartition) {
        self.doing.remove(partition);
    }

    /// Says whether nothing is done here about a partition that others may take.
    pub fn is_left(&self, partition: &TopicPartition) -> bool {
        self.doing.get(partition).is_none_or(|doing| *doing != Doing::Leaving)
    }

    /// Says whether a partition is copied here and to stay.
    pub fn is_held(&self, partition: &TopicPartition) -> bool {
        self.doing.get(partition) == Some(&Doing::Holding)
    }

    /// Says whether the group gave us a partition.
    pub fn is_assigned(&self, partition: &TopicPartition) -> bool {
        self.assigned.contains(partition)
    }

    /// Returns how many partitions the group gave us.
    pub fn count(&self) -> usize {
        self.assigned.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn named(partitions: &[i32]) -> Vec<TopicPartition> {
        partitions.iter().map(|partition| TopicPartition::new("orders", *partition)).collect()
    }

    fn set(partitions: &[i32]) -> BTreeSet<TopicPartition> {
        named(partitions).into_iter().collect()
    }

    fn at(partition: i32) -> TopicPartition {
        TopicPartition::new("orders", partition)
    }

    /// Returns shares that hold these partitions.
    fn holding(partitions: &[i32], now: Instant) -> Shares {
        let mut shares = Shares::default();
        shares.on_assigned(named(partitions));
        assert_eq!(shares.to_take(now), set(partitions));
        for partition in partitions {
            assert!(shares.on_taken(&at(*partition)));
        }
        shares
    }

    #[test]
    fn what_is_assigned_is_taken_once() {
        let now = Instant::now();
        let mut shares = Shares::default();
        shares.on_assigned(named(&[0, 1]));
        assert_eq!(shares.to_take(now), set(&[0, 1]));
        assert_eq!(shares.to_take(now), set(&[]), "being taken already");
        assert!(shares.on_taken(&at(0)));
        shares.on_assigned(named(&[2]));
        assert_eq!(shares.to_take(now), set(&[2]), "only what is new");
        assert_eq!(shares.count(), 3);
    }

    #[test]
    fn what_is_revoked_is_left_when_nothing_is_under_way_for_it() {
        let now = Instant::now();
        let mut shares = holding(&[0, 1], now);
        let to_leave = shares.on_unassigned(&named(&[1, 7]));
        assert_eq!((to_leave.held, to_leave.pending), (set(&[1]), set(&[1])), "7 was never here");
        assert!(!shares.is_left(&at(1)) && shares.is_left(&at(7)));
        assert!(shares.is_held(&at(0)) && !shares.is_held(&at(1)));
        shares.on_left(&at(1));
        assert!(shares.is_left(&at(1)));
        assert_eq!(shares.to_take(now), set(&[]), "it is not ours");
    }

    #[test]
    fn what_is_revoked_while_it_is_taken_is_left_when_the_taking_ends() {
        let now = Instant::now();
        let mut shares = Shares::default();
        shares.on_assigned(named(&[0]));
        shares.to_take(now);
        let to_leave = shares.on_unassigned(&named(&[0]));
        assert_eq!((to_leave.held, to_leave.pending), (set(&[]), set(&[0])));
        assert!(!shares.is_left(&at(0)), "whoever gets it now could be fenced by our start");
        assert!(!shares.on_taken(&at(0)), "not to be copied here");
        assert!(shares.is_left(&at(0)));
    }

    #[test]
    fn what_could_not_be_looked_up_is_left_too() {
        let now = Instant::now();
        let mut shares = Shares::default();
        shares.on_assigned(named(&[0]));
        shares.to_take(now);
        shares.on_unassigned(&named(&[0]));
        shares.on_failed(&at(0), now);
        assert!(shares.is_left(&at(0)));
        assert_eq!(shares.to_take(now), set(&[]));
    }

    #[test]
    fn what_comes_back_while_it_is_left_is_taken_afterwards() {
        let now = Instant::now();
        let mut shares = holding(&[0], now);
        shares.on_unassigned(&named(&[0]));
        shares.on_assigned(named(&[0]));
        assert_eq!(shares.to_take(now), set(&[]), "the leaving is not over");
        shares.on_left(&at(0));
        assert_eq!(shares.to_take(now), set(&[0]));
    }

    #[test]
    fn what_another_took_over_is_taken_again_after_a_pause_while_it_is_ours() {
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        let mut shares = holding(&[0, 1], now);
        shares.on_failed(&at(0), later);
        shares.on_failed(&at(1), later);
        assert_eq!(shares.to_take(now), set(&[]));
        shares.on_unassigned(&named(&[1]));
        assert_eq!(shares.to_take(later), set(&[0]), "1 is not ours any more");
        shares.on_assigned(named(&[1]));
        assert_eq!(shares.to_take(now), set(&[1]), "assigned anew there is nothing to wait for");
    }
}

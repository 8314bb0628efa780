//! What time brings: sessions that end, rebalances that do not wait longer.

use super::group::{Group, GroupState};
use super::{Groups, Millis, Outbox};

impl Groups {
    /// Does what is due.
    pub fn tick(&mut self, now: Millis) {
        let delay_ms = self.settings.initial_rebalance_delay_ms;
        for group in self.groups.values_mut() {
            // One thing that is due can make another due; each takes something away, so this ends.
            while group.deadline().is_some_and(|deadline| deadline <= now) {
                group.tick(now, delay_ms, &mut self.outbox);
            }
        }
    }

    /// Returns when something is due.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.groups.values().filter_map(Group::deadline).min()
    }
}

impl Group {
    fn deadline(&self) -> Option<Millis> {
        let members = self.members.iter().filter_map(|member| member.deadline());
        let pending = self.pending.values().copied();
        members.chain(pending).chain(self.join_deadline).chain(self.sync_deadline).min()
    }

    fn tick(&mut self, now: Millis, delay_ms: i64, outbox: &mut Outbox) {
        let waited = self.pending.len();
        self.pending.retain(|_, expires| *expires > now);
        if self.pending.len() != waited {
            self.complete_if_all_joined(now, outbox);
        }
        let gone = self.members.iter().filter(|member| member.deadline().is_some_and(|at| at <= now));
        let gone: Vec<String> = gone.map(|member| member.id.clone()).collect();
        self.drop_members(now, &gone, outbox);
        if self.sync_deadline.is_some_and(|deadline| deadline <= now) {
            self.sync_deadline = None;
            if matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable) {
                let late: Vec<String> = std::mem::take(&mut self.unsynced).into_iter().collect();
                self.drop_members(now, &late, outbox);
            }
        }
        if self.join_deadline.is_some_and(|deadline| deadline <= now) {
            self.join_time_is_over(now, delay_ms, outbox);
        }
    }

    fn drop_members(&mut self, now: Millis, ids: &[String], outbox: &mut Outbox) {
        if ids.is_empty() {
            return;
        }
        for id in ids {
            self.drop_member(id, outbox);
        }
        self.after_removal(now, outbox);
    }
}

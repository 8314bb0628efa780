//! What is done to both clusters and to the way there while the lanes run.

use std::path::Path;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::load::Topics;
use super::pass;
use super::plan::{Blow, End};
use crate::harness::admin::topic_exists;
use crate::harness::cluster::Cluster;
use crate::harness::proxy::Proxy;
use crate::harness::route::LIMIT;
use crate::harness::tools::move_leaders;

/// Holds what blows hit.
pub struct Weather<'a> {
    /// Where records come from.
    pub source: &'a Cluster,
    /// Where records go.
    pub target: &'a Cluster,
    /// Whether the flows reach the target through its proxies.
    pub is_target_proxied: bool,
    /// Held for writing while a broker is down or leaders move.
    pub calm: &'a RwLock<()>,
    /// For the files of tools.
    pub work_dir: &'a Path,
}

/// Counts what was done to the clusters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Damage {
    /// Connections cut between a request and its answer.
    pub cuts: usize,
    /// Times the way was held.
    pub holds: usize,
    /// Brokers killed.
    pub brokers: usize,
    /// Times leaders were moved.
    pub moves: usize,
}

impl Weather<'_> {
    /// Deals blows, from the first again after the last, until it is over.
    pub fn blow(&self, blows: &[(u64, Blow)], over: &AtomicBool) -> Damage {
        let mut damage = Damage::default();
        for (pause, blow) in blows.iter().cycle() {
            let begin = Instant::now();
            while begin.elapsed().as_millis() < u128::from(*pause) {
                if over.load(Ordering::Relaxed) {
                    return damage;
                }
                pass(50);
            }
            self.deal(*blow, over, &mut damage);
        }
        damage
    }

    fn deal(&self, blow: Blow, over: &AtomicBool, damage: &mut Damage) {
        match blow {
            Blow::CutBeforeAnswer { end } => {
                let proxies = self.proxies(end);
                let requested = || proxies.iter().map(Proxy::requested_bytes).sum::<u64>();
                proxies.iter().for_each(Proxy::hold_answers);
                let (before, begin) = (requested(), Instant::now());
                while requested() == before && !over.load(Ordering::Relaxed) && begin.elapsed() < LIMIT {
                    pass(1);
                }
                // The broker does what was asked while nobody can tell.
                pass(20);
                proxies.iter().for_each(Proxy::cut);
                pass(20);
                proxies.iter().for_each(Proxy::resume);
                damage.cuts += 1;
            }
            Blow::Hold { end, lasts } => {
                let proxies = self.proxies(end);
                proxies.iter().for_each(Proxy::hold);
                pass(lasts);
                proxies.iter().for_each(Proxy::resume);
                damage.holds += 1;
            }
            Blow::KillBroker { end, id, down } => {
                let _storm = self.calm.write().unwrap();
                let cluster = self.cluster(end);
                cluster.node(i32::from(id)).kill();
                pass(down);
                cluster.restart(i32::from(id));
                damage.brokers += 1;
            }
            Blow::MoveLeaders { end, lane } => {
                let _storm = self.calm.write().unwrap();
                let (cluster, topic) = (self.cluster(end), Topics::of(lane).trimmed);
                // At the target there may be none: no process lived long enough to make it yet.
                if topic_exists(cluster, &topic) {
                    move_leaders(cluster, self.work_dir, &topic);
                    damage.moves += 1;
                }
            }
        }
    }

    /// Returns the proxies on the way to an end; to the source, where the target is reached directly.
    fn proxies(&self, end: End) -> &[Proxy] {
        match end {
            End::Target if self.is_target_proxied => &self.target.proxies,
            End::Target | End::Source => &self.source.proxies,
        }
    }

    fn cluster(&self, end: End) -> &Cluster {
        match end {
            End::Source => self.source,
            End::Target => self.target,
        }
    }
}

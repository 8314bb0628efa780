//! What is rehearsed: what befalls the regions and the copy, and how the application changes over. Pure.

use std::time::Duration;

use super::seed::Chance;

/// How far a slow link's other end is.
const SLOW_ROUND_TRIP: Duration = Duration::from_millis(200);
/// What a slow link carries each way.
const SLOW_BYTES_PER_SECOND: u64 = 256 * 1024;

/// Names a rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// The source region is lost without warning; fail over unplanned, fail back once it is there again
    RegionLoss,
    /// Nothing is lost: writers stop, the rest is copied, everybody moves, and back
    PlannedSwitch,
    /// The copy's way to the source breaks again and again; then a planned switch
    LinkFlap,
    /// The copy's way to the source gets far and narrow; then a planned switch
    SlowLink,
    /// The copy is killed in the middle of its work, again and again; then a planned switch
    ReplicatorCrash,
    /// Brokers are restarted under everybody's feet (by --fault-cmd and --heal-cmd); then a planned switch
    BrokerRestart,
}

/// Something that is done while the application works in the source region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The copy's way to the source breaks.
    CutLink,
    /// It is mended.
    MendLink,
    /// It gets far and narrow.
    SlowLink {
        /// The round trip.
        round_trip: Duration,
        /// What it carries each way.
        bytes_per_second: u64,
    },
    /// It is as it was.
    QuickLink,
    /// The copy is torn down, and started again.
    CrashCopy,
    /// The fault of whoever runs the drill.
    Strike,
    /// That fault is mended.
    Heal,
}

impl Act {
    /// Says it in a timeline.
    pub fn word(self) -> &'static str {
        match self {
            Self::CutLink => "link cut",
            Self::MendLink => "link mended",
            Self::SlowLink { .. } => "link slow",
            Self::QuickLink => "link quick",
            Self::CrashCopy => "copy killed",
            Self::Strike => "fault",
            Self::Heal => "healed",
        }
    }
}

/// An act and when it is due, from the beginning of the application's work.
pub type Due = (Duration, Act);

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RegionLoss,
        Self::PlannedSwitch,
        Self::LinkFlap,
        Self::SlowLink,
        Self::ReplicatorCrash,
        Self::BrokerRestart,
    ];

    /// Returns the name it is asked for with.
    pub fn name(self) -> &'static str {
        match self {
            Self::RegionLoss => "region-loss",
            Self::PlannedSwitch => "planned-switch",
            Self::LinkFlap => "link-flap",
            Self::SlowLink => "slow-link",
            Self::ReplicatorCrash => "replicator-crash",
            Self::BrokerRestart => "broker-restart",
        }
    }

    /// Says whether the source region is lost; else the switch is planned and nothing may be missing.
    pub fn loses_region(self) -> bool {
        self == Self::RegionLoss
    }

    /// Lists what is done while the application works for `duration`: from a seed, so that it can be repeated.
    pub fn acts(self, duration: Duration, seed: u64) -> Vec<Due> {
        let mut chance = Chance::new(seed);
        let mut within = |from: u64, to: u64| duration.mul_f64(chance.between(from, to) as f64 / 1000.0);
        match self {
            Self::RegionLoss | Self::PlannedSwitch => Vec::new(),
            Self::LinkFlap => {
                let each = |(from, to)| {
                    [(within(from, from + 100), Act::CutLink), (within(to, to + 80), Act::MendLink)]
                };
                [(100, 240), (360, 500), (620, 800)].into_iter().flat_map(each).collect()
            }
            Self::SlowLink => {
                let slow =
                    Act::SlowLink { round_trip: SLOW_ROUND_TRIP, bytes_per_second: SLOW_BYTES_PER_SECOND };
                vec![(within(100, 200), slow), (within(700, 900), Act::QuickLink)]
            }
            Self::ReplicatorCrash => {
                [150, 400, 650].into_iter().map(|from| (within(from, from + 200), Act::CrashCopy)).collect()
            }
            Self::BrokerRestart => vec![(within(150, 300), Act::Strike), (within(600, 750), Act::Heal)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_a_seed_makes_one_plan_and_every_fault_ends_before_the_switch() {
        let duration = Duration::from_secs(10);
        for scenario in Scenario::ALL {
            for seed in 0..200 {
                let acts = scenario.acts(duration, seed);
                assert_eq!(acts, scenario.acts(duration, seed));
                assert!(acts.is_sorted_by_key(|(at, _)| *at), "{scenario:?} {seed}: {acts:?}");
                assert!(acts.iter().all(|(at, _)| *at < duration));
                let last = acts.last().map(|(_, act)| *act);
                let is_harmless =
                    matches!(last, None | Some(Act::MendLink | Act::QuickLink | Act::CrashCopy | Act::Heal));
                assert!(is_harmless, "{scenario:?} {seed}: {acts:?}");
            }
        }
        let flaps = |seed| Scenario::LinkFlap.acts(duration, seed);
        assert_ne!(flaps(1), flaps(2));
    }

    #[test]
    fn a_scenario_is_asked_for_by_its_name() {
        use clap::ValueEnum;
        for scenario in Scenario::ALL {
            assert_eq!(Scenario::from_str(scenario.name(), false), Ok(scenario));
        }
    }
}

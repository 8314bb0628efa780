//! What the engine hands over at a scrape: plain values, unknown ones `None`.

/// Holds the values of all flows at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsSnapshot {
    /// One per flow.
    pub flows: Vec<FlowMetrics>,
}

/// Holds one flow's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowMetrics {
    /// The flow's name.
    pub flow: String,
    /// Its partitions are known: those selected, if any.
    pub started: bool,
    /// Why it does not run, where it could not start or is given no partitions.
    pub failure: Option<String>,
    /// Batches whose bytes were kept.
    pub batches_passed_through: u64,
    /// Batches decoded and encoded anew.
    pub batches_reencoded: u64,
    /// Batches with nothing to copy, by reason (`control`, `empty`, `aborted`, `already_copied`).
    pub batches_dropped: Vec<(&'static str, u64)>,
    /// Time the source's brokers asked us to wait, in seconds.
    pub source_throttled_seconds: f64,
    /// Time the target's brokers asked us to wait, in seconds.
    pub target_throttled_seconds: f64,
    /// Times of fetch requests; `None` where they are not measured.
    pub fetch: Option<HistogramMetrics>,
    /// Times of produce requests; `None` where they are not measured.
    pub produce: Option<HistogramMetrics>,
    /// Bytes fetched and not yet acknowledged.
    pub memory_used_bytes: Option<u64>,
    /// Their ceiling.
    pub memory_limit_bytes: Option<u64>,
    /// One per source partition that is copied here.
    pub partitions: Vec<PartitionMetrics>,
    /// Partitions that are known and not copied here, where several processes share the flow.
    pub elsewhere: usize,
    /// Records this process copied in partitions that are other processes' now.
    pub records_given_away: u64,
    /// Bytes of their batches.
    pub bytes_given_away: u64,
    /// What became of the consumer groups that are carried along; `None` where none are, or it is not known.
    pub groups: Option<GroupMetrics>,
}

/// Counts consumer groups that are carried along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupMetrics {
    /// Groups of which every offset is in place.
    pub following: u64,
    /// Groups that cannot be moved, or not whole.
    pub held: u64,
    /// Offsets committed by this process.
    pub committed: u64,
}

impl FlowMetrics {
    /// Returns how many records this process copied.
    pub fn records_copied(&self) -> u64 {
        self.records_given_away + self.partitions.iter().map(|p| p.records_copied).sum::<u64>()
    }

    /// Returns the bytes of their batches.
    pub fn bytes_copied(&self) -> u64 {
        self.bytes_given_away + self.partitions.iter().map(|p| p.bytes_copied).sum::<u64>()
    }
}

/// Counts observations in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramMetrics {
    /// Sum of all observations, in seconds.
    pub sum_seconds: f64,
    /// Number of all observations.
    pub count: u64,
    /// Upper bounds in seconds, rising, each with the number of observations above the bound before
    /// it and not above this one (not cumulative). Observations over the last bound are only in
    /// `count`.
    pub buckets: Vec<(f64, u64)>,
}

/// Holds one source partition's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionMetrics {
    /// The source topic.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
    /// The state it is in.
    pub state: PartitionState,
    /// Records acknowledged by the target.
    pub records_copied: u64,
    /// Bytes acknowledged by the target.
    pub bytes_copied: u64,
    /// Source offsets left out under a policy.
    pub records_missing: u64,
    /// Next source offset to copy.
    pub source_position: Option<i64>,
    /// End of the source partition as last seen.
    pub source_end: Option<i64>,
    /// The source cannot be read now, so its end may have moved on.
    pub source_end_is_old: bool,
    /// Next target offset.
    pub target_position: Option<i64>,
    /// Age of the oldest record not yet copied, in seconds.
    pub lag_seconds: Option<f64>,
    /// Where this run is to end, if it is to end by itself at offsets seen at its start.
    pub run_end: Option<i64>,
    /// Why it cannot go on, where it is failing or stopped.
    pub trouble: Option<String>,
}

impl PartitionMetrics {
    /// Returns the offsets left until the run's own end; none where the partition has stopped.
    pub fn remaining(&self) -> Option<i64> {
        if self.state == PartitionState::Stopped {
            return Some(0);
        }
        Some(self.run_end.or(self.source_end)?.saturating_sub(self.source_position?).max(0))
    }

    /// Returns the offsets between position and end, never below zero; `None` where either is unknown,
    /// and where there are none to an end that may have moved on: that would be a guess.
    pub fn lag_records(&self) -> Option<i64> {
        let lag = self.source_end?.saturating_sub(self.source_position?).max(0);
        (lag > 0 || !self.source_end_is_old).then_some(lag)
    }
}

/// Names the state of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PartitionState {
    /// Finding its place.
    #[default]
    Starting,
    /// Copying.
    Copying,
    /// At the end of its source.
    CaughtUp,
    /// In trouble that may pass.
    Failing,
    /// Stopped for good.
    Stopped,
}

impl PartitionState {
    /// Lists all states.
    pub const ALL: [PartitionState; 5] = [
        PartitionState::Starting,
        PartitionState::Copying,
        PartitionState::CaughtUp,
        PartitionState::Failing,
        PartitionState::Stopped,
    ];

    /// Returns the label's value.
    pub const fn word(self) -> &'static str {
        match self {
            PartitionState::Starting => "starting",
            PartitionState::Copying => "copying",
            PartitionState::CaughtUp => "caught_up",
            PartitionState::Failing => "failing",
            PartitionState::Stopped => "stopped",
        }
    }
}

/// Says whether all is well, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Start-up is finished, and no partition is failing or stopped.
    pub ready: bool,
    /// What stands against it, one line each.
    pub reasons: Vec<String>,
}

/// Answers what the HTTP endpoints ask; called once per request, so it must not block.
pub trait ObsSource {
    /// Returns the values of this moment.
    fn metrics(&self) -> MetricsSnapshot;
    /// Says whether all is well.
    fn readiness(&self) -> Readiness;
}

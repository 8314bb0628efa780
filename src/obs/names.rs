//! The metrics' names, help, units and types, in one place; docs/metrics.md is made from here.

/// Says how a metric's value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
    /// Is 1, and tells in its labels.
    Info,
}

impl Kind {
    /// Returns the word of the exposition format.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::Info => "info",
        }
    }
}

macro_rules! metrics {
    ($($variant:ident, $name:literal, $kind:ident, [$($label:literal),*], $help:literal;)*) => {
        /// Names every metric Strait serves.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MetricName {
            $(#[doc = $help] $variant,)*
        }

        impl MetricName {
            /// Lists all metrics, in the order they are served.
            pub const ALL: &'static [MetricName] = &[$(MetricName::$variant),*];

            /// Returns the name as a query uses it.
            pub const fn name(self) -> &'static str {
                match self { $(MetricName::$variant => $name,)* }
            }

            /// Returns the type.
            pub const fn kind(self) -> Kind {
                match self { $(MetricName::$variant => Kind::$kind,)* }
            }

            /// Returns the names of the labels.
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(MetricName::$variant => &[$($label),*],)* }
            }

            /// Says what the value means.
            pub const fn help(self) -> &'static str {
                match self { $(MetricName::$variant => $help,)* }
            }
        }
    };
}

metrics! {
    RecordsCopied, "strait_records_copied_total", Counter, ["flow", "topic", "partition"],
        "Records acknowledged by the target since this process started";
    BytesCopied, "strait_bytes_copied_total", Counter, ["flow", "topic", "partition"],
        "Bytes of record batches, compressed, acknowledged by the target since this process started";
    Batches, "strait_batches_total", Counter, ["flow", "how"],
        "Batches sent on, by how: passed_through (bytes kept) or reencoded";
    BatchesDropped, "strait_batches_dropped_total", Counter, ["flow", "reason"],
        "Batches that hold nothing to copy, by reason: control, empty, aborted or already_copied";
    RecordsMissing, "strait_records_missing_total", Counter, ["flow", "topic", "partition"],
        "Source offsets known to be missing at the target because the policy said to go on without them";
    SourcePosition, "strait_source_position_offset", Gauge, ["flow", "topic", "partition"],
        "Next source offset to copy";
    SourceEnd, "strait_source_end_offset", Gauge, ["flow", "topic", "partition"],
        "End of the source partition as last seen (last stable offset)";
    TargetPosition, "strait_target_position_offset", Gauge, ["flow", "topic", "partition"],
        "Next target offset after what was acknowledged";
    LagRecords, "strait_lag_records", Gauge, ["flow", "topic", "partition"],
        "Source offsets between position and end; an upper bound where the log has gaps, a lower one while the source cannot be read";
    LagSeconds, "strait_lag_seconds", Gauge, ["flow", "topic", "partition"],
        "Age of the oldest record not yet copied; the most it can be where that record is not fetched yet";
    PartitionState, "strait_partition_state", Gauge, ["flow", "topic", "partition", "state"],
        "1 for the state the partition is in, 0 for the others: starting, copying, caught_up, failing, stopped";
    ThrottledSeconds, "strait_throttled_seconds_total", Counter, ["flow", "side"],
        "Time brokers asked us to wait under their quotas, by side: source or target";
    FetchSeconds, "strait_fetch_seconds", Histogram, ["flow"],
        "Time from a fetch request to its answer, the broker's wait for data included";
    ProduceSeconds, "strait_produce_seconds", Histogram, ["flow"],
        "Time from a produce request to its acknowledgement";
    MemoryUsed, "strait_memory_used_bytes", Gauge, ["flow"],
        "Bytes fetched and not yet acknowledged";
    MemoryLimit, "strait_memory_limit_bytes", Gauge, ["flow"],
        "Ceiling of strait_memory_used_bytes";
    Groups, "strait_groups", Gauge, ["flow", "state"],
        "Consumer groups carried along, as of the last look, by state: following or held";
    GroupCommits, "strait_group_offsets_committed_total", Counter, ["flow"],
        "Translated offsets committed at the target for consumer groups since this process started";
    BuildInfo, "strait_build_info", Info, ["version"],
        "The version that serves this page";
}

impl MetricName {
    /// Returns the name without the ending its type adds when it is served.
    pub(super) fn stem(self) -> &'static str {
        let name = self.name();
        match self.kind() {
            Kind::Counter => name.strip_suffix("_total").unwrap_or(name),
            Kind::Info => name.strip_suffix("_info").unwrap_or(name),
            Kind::Gauge | Kind::Histogram => name,
        }
    }
}

//! The JSON Lines of `strait replicate`, line by line and field by field; docs/json.md is made from here.

/// Describes one kind of line.
#[derive(Clone, Copy, Debug)]
pub struct LineDoc {
    /// The value of `event`.
    pub event: &'static str,
    /// When it is printed.
    pub meaning: &'static str,
    /// Whether it is about one flow, named in `flow`.
    pub has_flow: bool,
    /// Its own fields, each with what it holds.
    pub fields: &'static [(&'static str, &'static str)],
}

const TOPIC: (&str, &str) = ("topic", "source topic");
const TARGET_TOPIC: (&str, &str) = ("topic", "topic at the target");
const PARTITION: (&str, &str) = ("partition", "partition's index");
const CODE: (&str, &str) = ("code", "stable name of the cause");
const CAUSE: (&str, &str) = ("cause", "the cause in words");
const HINT: (&str, &str) = ("hint", "what to try");

/// Lists every line, in the order a run meets them.
pub const LINES: &[LineDoc] = &[
    LineDoc {
        event: "waiting",
        meaning: "A cluster cannot be reached yet and is tried again (`--timeout`)",
        has_flow: true,
        fields: &[CAUSE],
    },
    LineDoc {
        event: "topic_created",
        meaning: "A topic was created at the target",
        has_flow: true,
        fields: &[
            TARGET_TOPIC,
            ("partitions", "number of partitions"),
            ("replication_factor", "replication factor; null for the brokers' default"),
        ],
    },
    LineDoc {
        event: "partitions_grown",
        meaning: "A topic at the target got more partitions",
        has_flow: true,
        fields: &[TARGET_TOPIC, ("from", "partitions before"), ("to", "partitions now")],
    },
    LineDoc {
        event: "started",
        meaning: "The flow is connected and copies",
        has_flow: true,
        fields: &[("topics", "number of topics"), ("partitions", "number of partitions")],
    },
    LineDoc {
        event: "shared",
        meaning: "The processes that share the flow divided its partitions anew",
        has_flow: true,
        fields: &[("partitions", "how many are this process's"), ("of", "how many there are")],
    },
    LineDoc {
        event: "progress",
        meaning: "How far the flow is, every `--progress-interval`",
        has_flow: true,
        fields: &[
            ("has_started", "false until `started`"),
            ("failure", "why the flow does not run, where it could not start; else null"),
            ("partitions", "number of partitions"),
            ("caught_up", "partitions at the end of their source, or at the run's own end"),
            ("failing", "partitions in trouble that may pass"),
            ("stopped", "partitions stopped for good"),
            ("records", "records copied by this process"),
            ("bytes", "bytes of their batches"),
            ("records_per_second", "over the last 10 s"),
            ("bytes_per_second", "over the last 10 s"),
            (
                "records_behind",
                "source offsets not yet copied; the least it can be while the source cannot be read",
            ),
            (
                "seconds_behind",
                "age of the oldest record not yet copied, in the partition that is latest; the most it can be where \
                 that record is not fetched yet",
            ),
            ("seconds_left", "time until the run ends by itself; null where it does not"),
            ("trouble", "up to 20 partitions that cannot go on: topic, partition, cause"),
        ],
    },
    LineDoc {
        event: "groups_follow",
        meaning: "Consumer groups are moved along from now on",
        has_flow: true,
        fields: &[("groups", "their names")],
    },
    LineDoc {
        event: "groups_held",
        meaning: "Consumer groups cannot be moved for now",
        has_flow: true,
        fields: &[("groups", "their names"), CODE, ("cause", "why the first of them is not")],
    },
    LineDoc {
        event: "partition_failing",
        meaning: "A partition has trouble that may pass",
        has_flow: true,
        fields: &[TOPIC, PARTITION, CAUSE],
    },
    LineDoc {
        event: "partition_recovered",
        meaning: "The trouble passed",
        has_flow: true,
        fields: &[TOPIC, PARTITION],
    },
    LineDoc {
        event: "partition_stopped",
        meaning: "A partition stopped for good",
        has_flow: true,
        fields: &[TOPIC, PARTITION, CODE, CAUSE, HINT],
    },
    LineDoc {
        event: "partition_skipped",
        meaning: "Records are missing, and the policy says to go on without them",
        has_flow: true,
        fields: &[TOPIC, PARTITION, CODE, CAUSE, HINT],
    },
    LineDoc {
        event: "notice",
        meaning: "Something that concerns the flow as a whole",
        has_flow: true,
        fields: &[("text", "what it is")],
    },
    LineDoc {
        event: "stopping",
        meaning: "A signal came; what is in flight is finished",
        has_flow: false,
        fields: &[],
    },
    LineDoc {
        event: "finished",
        meaning: "Where a partition stands at the end, one line each",
        has_flow: true,
        fields: &[
            TOPIC,
            PARTITION,
            ("source_next", "next source offset to copy; null where the partition was not started"),
            ("target_next", "next target offset; null likewise"),
            ("records", "records copied by this process"),
            ("bytes", "bytes of their batches"),
            ("passed_through", "batches whose bytes were kept"),
            ("reencoded", "batches made anew"),
            ("state", "finished, caught_up, copying, failing, stopped or starting"),
        ],
    },
    LineDoc {
        event: "ended",
        meaning: "The last line of every run, also of one that could not begin",
        has_flow: false,
        fields: &[
            ("status", "ok, bad, error or interrupted"),
            ("exit_code", "the process's exit code"),
            ("data", "partitions, records and bytes in all; null where nothing was copied"),
            ("errors", "what went wrong: code, scope, message, hint"),
        ],
    },
];

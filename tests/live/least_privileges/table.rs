//! The table of docs/security.md: what each subcommand needs, and what it says without any one of it.

use crate::harness::rights::Operation;
use Operation::{Alter, AlterConfigs, Create, Delete, Describe, DescribeConfigs, Read, Write};

/// Says at which end of the flow a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Source,
    Target,
}

/// Names a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The topic that is copied.
    Topic,
    /// The cluster.
    Cluster,
    /// The topic that keeps the flow's state.
    State,
    /// The group that shows the flow's positions to other tools.
    Group,
    /// The group that processes of `--share` are members of.
    Workers,
    /// The group of an application, whose offsets follow.
    App,
    /// The transactional ids that keep a second owner out.
    Fence,
}

impl Of {
    /// Returns the words of docs/security.md.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Topic => "the topics",
            Self::Cluster => "the cluster",
            Self::State => "topic `strait.<flow>`",
            Self::Group => "group `strait.<flow>`",
            Self::Workers => "group `strait.<flow>.workers`",
            Self::App => "the groups",
            Self::Fence => "transactional ids that begin with `strait.<flow>`",
        }
    }
}

/// Is one right, the exit code without it, and what is said then besides operation, resource and principal.
pub type Need = (End, Operation, Of, i32, &'static [&'static str]);

/// Stands among the words where nothing can be said, because brokers do not tell it from what is not there.
pub const HIDDEN: &str = "(hidden)";

/// Says what stands at both ends before the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// The topic at the source.
    New,
    /// The same, copied but for the last records, with an application's offsets at the source.
    Copied,
    /// The topic at both ends, with fewer partitions and another config at the target.
    Differs,
    /// The topic at both ends alike, each partition with one replica.
    Alike,
    /// A topic at the target, which the source does not have any more.
    Gone,
}

/// Is one subcommand.
pub struct Row {
    /// The heading of its part of the table.
    pub heading: &'static str,
    /// What is typed; `TOPIC` stands for the topic.
    pub arguments: &'static [&'static str],
    pub before: Before,
    /// The configuration's `replication_factor`.
    pub replicas: usize,
    /// The exit code with all rights.
    pub code: i32,
    pub needs: &'static [Need],
    /// Rights that another row is about.
    pub also: &'static [Need],
}

const ROW: Row =
    Row { heading: "", arguments: &[], before: Before::Copied, replicas: 1, code: 0, needs: &[], also: &[] };

use End::{Source, Target};

const TOPIC: &[&str] = &["TOPIC_AUTHORIZATION_FAILED"];
const GROUP: &[&str] = &["GROUP_AUTHORIZATION_FAILED"];
const CLUSTER: &[&str] = &["CLUSTER_AUTHORIZATION_FAILED"];
const NOTHING: &[&str] = &[];

/// What every run of `topics sync` needs.
const PLAN: &[Need] = &[
    (Source, Describe, Of::Topic, 10, TOPIC),
    (Source, DescribeConfigs, Of::Topic, 10, TOPIC),
    (Target, Describe, Of::Topic, 10, TOPIC),
    (Target, DescribeConfigs, Of::Topic, 10, TOPIC),
];

/// What a run needs that goes on.
const GOES_ON: &[Need] = &[
    (Source, Read, Of::Topic, 0, &["not copied"]),
    (Target, Read, Of::Topic, 1, TOPIC),
    (Target, Write, Of::Topic, 1, TOPIC),
    (Target, Read, Of::State, 1, TOPIC),
    (Target, Write, Of::State, 1, TOPIC),
    (Target, Read, Of::Group, 0, GROUP),
    (Target, Write, Of::Fence, 0, &["at-least-once"]),
];

/// Lists every subcommand that asks clusters; a new one needs its row here and in docs/security.md.
pub const ROWS: &[Row] = &[
    Row {
        heading: "init --from-cluster",
        arguments: &["init", "SOURCE", "TARGET"],
        before: Before::Alike,
        needs: &[(Source, Describe, Of::Topic, 0, &[HIDDEN]), (Source, Describe, Of::Cluster, 0, CLUSTER)],
        ..ROW
    },
    Row {
        heading: "validate",
        arguments: &["validate"],
        needs: &[
            (Source, Read, Of::Topic, 10, NOTHING),
            (Source, DescribeConfigs, Of::Topic, 10, NOTHING),
            (Source, DescribeConfigs, Of::Cluster, 11, NOTHING),
            (Source, Describe, Of::Cluster, 11, NOTHING),
            (Target, Read, Of::Topic, 10, NOTHING),
            (Target, Write, Of::Topic, 10, NOTHING),
            (Target, DescribeConfigs, Of::Topic, 11, NOTHING),
            (Target, Read, Of::State, 10, NOTHING),
            (Target, Write, Of::State, 10, NOTHING),
            (Target, Read, Of::Group, 10, NOTHING),
            (Target, Write, Of::Fence, 10, NOTHING),
            (Target, DescribeConfigs, Of::Cluster, 11, NOTHING),
            (Target, Describe, Of::Cluster, 11, NOTHING),
        ],
        ..ROW
    },
    Row {
        heading: "topics sync",
        arguments: &["topics", "sync"],
        before: Before::Differs,
        needs: PLAN,
        ..ROW
    },
    Row {
        heading: "topics sync --acls",
        arguments: &["topics", "sync", "--acls"],
        before: Before::Alike,
        needs: &[(Source, Describe, Of::Cluster, 10, CLUSTER), (Target, Describe, Of::Cluster, 10, CLUSTER)],
        also: PLAN,
        ..ROW
    },
    Row {
        heading: "topics sync --apply, topics that are missing",
        arguments: &["topics", "sync", "--apply"],
        before: Before::New,
        needs: &[(Target, Create, Of::Topic, 1, TOPIC)],
        also: PLAN,
        ..ROW
    },
    Row {
        heading: "topics sync --apply, topics that differ",
        arguments: &["topics", "sync", "--apply"],
        before: Before::Differs,
        needs: &[(Target, Alter, Of::Topic, 1, TOPIC), (Target, AlterConfigs, Of::Topic, 1, TOPIC)],
        also: PLAN,
        ..ROW
    },
    Row {
        heading: "topics sync --apply --allow-delete",
        arguments: &["topics", "sync", "--apply", "--allow-delete"],
        before: Before::Gone,
        needs: &[(Target, Delete, Of::Topic, 1, TOPIC)],
        also: PLAN,
        ..ROW
    },
    Row {
        heading: "topics sync --apply --acls",
        arguments: &["topics", "sync", "--apply", "--acls"],
        before: Before::Alike,
        needs: &[(Target, Alter, Of::Cluster, 1, CLUSTER)],
        also: &[
            (Source, Describe, Of::Topic, 10, TOPIC),
            (Source, DescribeConfigs, Of::Topic, 10, TOPIC),
            (Source, Describe, Of::Cluster, 10, CLUSTER),
            (Target, Describe, Of::Topic, 10, TOPIC),
            (Target, DescribeConfigs, Of::Topic, 10, TOPIC),
            (Target, Describe, Of::Cluster, 10, CLUSTER),
        ],
        ..ROW
    },
    Row {
        heading: "topics sync --apply --fix-replication --throttle",
        arguments: &["topics", "sync", "--apply", "--fix-replication", "--throttle", "50MB/s"],
        before: Before::Alike,
        replicas: 2,
        needs: &[
            (Target, Alter, Of::Cluster, 1, CLUSTER),
            (Target, AlterConfigs, Of::Cluster, 1, CLUSTER),
            (Target, AlterConfigs, Of::Topic, 1, TOPIC),
        ],
        also: PLAN,
        ..ROW
    },
    Row {
        heading: "replicate, the first run",
        arguments: &["replicate", "--once"],
        before: Before::New,
        needs: &[
            (Source, Read, Of::Topic, 0, &["not copied"]),
            (Source, DescribeConfigs, Of::Topic, 1, TOPIC),
            (Target, Create, Of::Topic, 1, TOPIC),
            (Target, Read, Of::Topic, 0, TOPIC),
            (Target, Write, Of::Topic, 1, TOPIC),
            (Target, Create, Of::State, 1, TOPIC),
            (Target, Read, Of::State, 1, TOPIC),
            (Target, Write, Of::State, 1, TOPIC),
            (Target, Read, Of::Group, 0, GROUP),
            (Target, Write, Of::Fence, 0, &["at-least-once"]),
        ],
        ..ROW
    },
    Row {
        heading: "replicate, a run that goes on",
        arguments: &["replicate", "--once"],
        needs: GOES_ON,
        ..ROW
    },
    Row {
        heading: "replicate --share",
        arguments: &["replicate", "--share"],
        code: 143,
        needs: &[(Target, Read, Of::Workers, 143, NOTHING)],
        also: GOES_ON,
        ..ROW
    },
    Row {
        heading: "lag",
        arguments: &["lag"],
        needs: &[
            (Source, Read, Of::Topic, 11, NOTHING),
            (Source, Describe, Of::App, 11, GROUP),
            (Target, Describe, Of::Topic, 11, NOTHING),
            (Target, Read, Of::State, 1, TOPIC),
            (Target, Describe, Of::App, 11, GROUP),
        ],
        ..ROW
    },
    Row {
        heading: "groups sync --apply",
        arguments: &["groups", "sync", "--apply"],
        needs: &[
            (Source, Describe, Of::Topic, 11, TOPIC),
            (Source, Describe, Of::App, 11, GROUP),
            (Target, Read, Of::Topic, 10, NOTHING),
            (Target, Read, Of::State, 1, TOPIC),
            (Target, Read, Of::App, 11, GROUP),
        ],
        ..ROW
    },
    Row {
        heading: "groups translate",
        arguments: &["groups", "translate", "--topic", "TOPIC", "--partition", "0", "--offset", "5"],
        needs: &[
            (Source, Describe, Of::Topic, 11, NOTHING),
            (Target, Describe, Of::Topic, 11, NOTHING),
            (Target, Read, Of::State, 1, TOPIC),
        ],
        ..ROW
    },
    Row {
        heading: "verify",
        arguments: &["verify"],
        needs: &[
            (Source, Read, Of::Topic, 11, TOPIC),
            (Source, DescribeConfigs, Of::Topic, 11, TOPIC),
            (Target, Read, Of::Topic, 11, TOPIC),
            (Target, DescribeConfigs, Of::Topic, 11, TOPIC),
            (Target, Read, Of::State, 1, TOPIC),
        ],
        ..ROW
    },
    Row {
        heading: "failover --planned",
        arguments: &["failover", "--planned", "--yes", "--quiet-for", "1s", "--drain-timeout", "10s"],
        needs: &[
            (Source, Read, Of::Topic, 1, NOTHING),
            (Source, Describe, Of::App, 11, GROUP),
            (Target, Read, Of::Topic, 1, TOPIC),
            (Target, Write, Of::Topic, 1, TOPIC),
            (Target, Read, Of::State, 1, TOPIC),
            (Target, Write, Of::State, 1, TOPIC),
            (Target, Read, Of::Group, 0, GROUP),
            (Target, Write, Of::Fence, 11, NOTHING),
            (Target, Read, Of::App, 11, GROUP),
        ],
        ..ROW
    },
    Row {
        heading: "failover --unplanned",
        arguments: &["failover", "--unplanned", "--yes"],
        code: 10,
        needs: &[
            (Source, Read, Of::Topic, 11, TOPIC),
            (Source, Describe, Of::App, 10, GROUP),
            (Target, Read, Of::Topic, 1, TOPIC),
            (Target, Write, Of::Topic, 1, TOPIC),
            (Target, Read, Of::State, 1, TOPIC),
            (Target, Write, Of::State, 1, TOPIC),
            (Target, Write, Of::Fence, 10, NOTHING),
            (Target, Read, Of::App, 10, GROUP),
        ],
        ..ROW
    },
    Row { heading: "status", arguments: &["status"], needs: &[(Target, Read, Of::State, 1, TOPIC)], ..ROW },
];

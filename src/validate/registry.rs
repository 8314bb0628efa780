//! Every check: its name, how bad its findings are, and what it is for. docs/checks.md is made from here.

use super::checks::{cluster, configs, file, flows, provision, reach, rights};
use super::finding::{Notes, Severity};
use super::view::{ClusterView, FileView, FlowView};

/// Describes one check; its name never changes.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The name, in kebab-case.
    pub name: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// What is wrong where it finds something, and why that matters.
    pub explanation: &'static str,
    /// How it is made.
    pub how: How,
}

/// Says what a check looks at, and names its function.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// Reading the file itself; its errors are findings of this name.
    Reading,
    /// The file, once read.
    File(fn(&FileView<'_>, &mut Notes)),
    /// Each cluster.
    Cluster(fn(&ClusterView<'_>, &mut Notes)),
    /// Each flow.
    Flow(fn(&FlowView<'_>, &mut Notes)),
}

impl How {
    /// Says what is looked at.
    pub const fn subject(self) -> &'static str {
        match self {
            How::Reading | How::File(_) => "the file",
            How::Cluster(_) => "each cluster",
            How::Flow(_) => "each flow",
        }
    }

    /// Says whether no network is needed.
    pub const fn is_offline(self) -> bool {
        matches!(self, How::Reading | How::File(_))
    }
}

const fn reading(name: &'static str, explanation: &'static str) -> Check {
    Check { name, severity: Severity::Error, explanation, how: How::Reading }
}

const fn error(name: &'static str, how: How, explanation: &'static str) -> Check {
    Check { name, severity: Severity::Error, explanation, how }
}

const fn warning(name: &'static str, how: How, explanation: &'static str) -> Check {
    Check { name, severity: Severity::Warning, explanation, how }
}

/// Names a warning that comes from reading the file.
pub const LITERAL_SECRET: &str = "literal-secret";
/// Names the other one.
pub const PLAIN_ENDPOINT: &str = "plain-endpoint";

/// Lists what can be wrong while the file is read.
pub const READING: &[Check] = &[
    reading("unreadable", "The file, or a file it names, cannot be read."),
    reading("syntax", "The file is not TOML. After a syntax error nothing else of the file is looked at."),
    reading("too-deep", "Tables and lists are nested more deeply than any configuration needs."),
    reading("wrong-type", "A value is of another type than its key takes."),
    reading("unknown-key", "A key is not known, so it would do nothing. All of them are listed in one run."),
    reading("missing-key", "A key that a table cannot do without is missing."),
    reading("no-clusters", "There is no [clusters] table, or it is empty."),
    reading("no-flows", "There is no [flows] table, or it is empty."),
    reading("unknown-cluster", "A flow names a cluster that the file does not have."),
    reading("same-cluster", "A flow's source and target are the same cluster of the file."),
    reading(
        "flow-name",
        "A flow's name becomes part of topic, group and transactional ids, and this one cannot.",
    ),
    reading("cluster-name", "A cluster's name has characters it may not have."),
    reading("empty", "A list or text is empty that must not be."),
    reading("bootstrap-server", "An entry of bootstrap_servers is not host:port."),
    reading("unknown-value", "A value is none of the words its key takes."),
    reading("mechanism-not-in-build", "The SASL mechanism exists, and this build does not speak it."),
    reading("sasl-unused", "sasl_ keys stand beside a protocol without a login; they would do nothing."),
    reading("login-unused", "A key of another SASL mechanism than the chosen one; it would do nothing."),
    reading("login-incomplete", "The chosen SASL mechanism lacks a key it cannot do without."),
    reading("sasl-extension", "A SASL extension's name or value cannot be sent."),
    reading("url", "A URL cannot be read, or is of a kind that cannot be asked."),
    reading("credentials-file", "The file with AWS's identities cannot be found or read."),
    reading("sasl-incomplete", "The protocol has a login, and a key of it is missing."),
    reading("ssl-unused", "ssl_ keys stand beside a protocol without encryption; they would do nothing."),
    reading("half-identity", "A client certificate without its key, or a key without its certificate."),
    reading("secret", "A secret cannot be had from where env: or file: says it is."),
    reading("size", "A size cannot be read."),
    reading("rate", "A rate cannot be read."),
    reading("duration", "A duration cannot be read, or is not one anybody would want."),
    reading("start", "start is neither earliest, latest nor a timestamp."),
    reading("pattern", "A glob or regular expression is malformed."),
    reading("internal-topic", "An internal topic is named in topics; these are never copied."),
    reading("topic-name", "An entry of topics without wildcards cannot be a topic's name."),
    reading("rename", "rename does not have {topic} once, or makes names no topic can have."),
    reading("out-of-range", "A number or size is outside its bounds."),
    reading(
        "limits-conflict",
        "Two limits contradict each other: memory and connections, or retries and a request's timeout.",
    ),
    reading(
        "same-target",
        "Two flows name the same topic for the same target; their records would be mixed.",
    ),
    Check {
        name: LITERAL_SECRET,
        severity: Severity::Warning,
        explanation: "A password stands in the file itself, where everyone who reads the repository reads it.",
        how: How::Reading,
    },
    Check {
        name: PLAIN_ENDPOINT,
        severity: Severity::Warning,
        explanation: "Tokens are fetched from an endpoint without TLS: whoever listens learns the client secret.",
        how: How::Reading,
    },
];

/// Lists the checks of the file, once it can be read.
pub const FILE: &[Check] = &[
    error(
        "pattern-matches-nothing",
        How::File(file::pattern_matches_nothing),
        "A pattern matches no name a topic can have, or only internal topics: nothing would be copied for it, silently.",
    ),
    warning(
        "pattern-looks-like-regex",
        How::File(file::pattern_looks_like_regex),
        "A pattern without `re:` is a glob. `.*` is then a name that begins with a dot, not any name.",
    ),
    error(
        "exclude-contradicts",
        How::File(file::exclude_contradicts),
        "An entry of topics is left out as a whole by exclude.",
    ),
    warning(
        "exclude-without-effect",
        How::File(file::exclude_without_effect),
        "A name in exclude leaves out nothing: topics does not match it, or it is an internal topic.",
    ),
    error(
        "flows-overlap",
        How::File(flows::flows_overlap),
        "Two flows copy the same topics of one cluster to the same names: every record would arrive twice.",
    ),
    warning(
        "flows-may-overlap",
        How::File(flows::flows_may_overlap),
        "Two flows from different clusters write the same names at one target. Where both clusters have such a topic, its copies are mixed in one log.",
    ),
    error(
        "flows-loop",
        How::File(flows::flows_loop),
        "A record comes back to the cluster it was first written to, as origin = \"any\" allows. With origin = \"local\" in every flow any mesh is free of loops.",
    ),
    error(
        "one-cluster-by-address",
        How::File(file::one_cluster_by_address),
        "Source and target of a flow share a bootstrap address, so they are one cluster.",
    ),
    error(
        "min-insync-override",
        How::File(file::min_insync_override),
        "config_overrides asks for more in-sync replicas than replication_factor makes: nothing could be written.",
    ),
    error(
        "unknown-topic-config",
        How::File(file::overrides),
        "config_overrides has a key that is no topic config of Apache Kafka; the target would refuse to create topics with it.",
    ),
    warning(
        "plaintext-login",
        How::File(file::plaintext_login),
        "PLAIN sends the password as it is, and the connection is not encrypted.",
    ),
    warning("unused-cluster", How::File(file::unused_cluster), "No flow uses the cluster."),
];

/// Lists the checks of each cluster.
pub const CLUSTER: &[Check] = &[
    error(
        "dns",
        How::Cluster(reach::dns),
        "A host name does not resolve, one of bootstrap_servers or one that a broker advertises (advertised.listeners).",
    ),
    error(
        "tcp",
        How::Cluster(reach::tcp),
        "No connection can be opened: nothing listens there, or a firewall is in between.",
    ),
    error(
        "tls",
        How::Cluster(reach::tls),
        "The TLS handshake fails: an expired certificate, one for other names (both are shown), an unknown authority, a client certificate that is missing or refused, or one side that does not speak TLS at all.",
    ),
    warning("tls-expiry", How::Cluster(reach::tls_expiry), "A broker's certificate ends within 30 days."),
    error(
        "sasl",
        How::Cluster(reach::sasl),
        "The login fails: the mechanism is not offered (those that are get listed), user or password are wrong, or one side wants a login and the other does not.",
    ),
    error(
        "api",
        How::Cluster(reach::api),
        "The listener answers, and not as a Kafka broker of a version that can be used.",
    ),
    error(
        "cluster-id",
        How::Cluster(cluster::cluster_id),
        "The cluster is another one than cluster_id pins.",
    ),
    error(
        "broker-version",
        How::Cluster(cluster::broker_version),
        "A broker does not offer a request that a flow needs.",
    ),
    warning(
        "topic-ids",
        How::Cluster(cluster::topic_ids),
        "Brokers before Kafka 2.8 have no topic ids: a topic that was deleted and made again between two looks cannot be told from the one before.",
    ),
    warning(
        "clock",
        How::Cluster(cluster::clock),
        "The cluster's clock and the one of this machine differ by more than 5 seconds. The time is the active controller's, as the quorum tells it (KRaft, with Describe on the cluster).",
    ),
];

/// Lists the checks of each flow.
pub const FLOW: &[Check] = &[
    error("one-cluster", How::Flow(provision::one_cluster), "Source and target report the same cluster id."),
    error(
        "auto-create-target",
        How::Flow(provision::auto_create_target),
        "The target makes topics by itself (auto.create.topics.enable): an application that comes first gets a topic with the broker's defaults instead of the source's partitions and configs.",
    ),
    warning(
        "auto-create-source",
        How::Flow(provision::auto_create_source),
        "The source makes topics by itself: a topic that was deleted comes back with the next client that asks for it.",
    ),
    error("nothing-selected", How::Flow(rights::nothing_selected), "No topic that may be seen is selected."),
    error(
        "topics-absent",
        How::Flow(rights::topics_absent),
        "A topic that is named in full does not exist at the source, or may not be seen.",
    ),
    error(
        "rights-source",
        How::Flow(rights::rights_source),
        "A right on topics is missing at the source: Read, DescribeConfigs. Principal, operation and topics are named.",
    ),
    error(
        "rights-origin",
        How::Flow(rights::rights_origin),
        "A state topic that another flow keeps at this flow's source may not be read. With origin = \"local\" it tells copies from what was first written there.",
    ),
    error(
        "rights-target",
        How::Flow(rights::rights_target),
        "A right on existing topics is missing at the target: Read and Write, and Alter where partitions are to be added. The flow's state topic strait.<flow> is one of them.",
    ),
    error(
        "rights-group",
        How::Flow(rights::rights_group),
        "Read is missing on the group strait.<flow>, under which positions are committed for other tools to see, or, with share = true, on strait.<flow>.workers.",
    ),
    error(
        "transactional-id",
        How::Flow(rights::transactional),
        "Write is missing on transactional ids that begin with strait.<flow>. They fence a partition's old owner from the new one; without them a copy is at-least-once where two processes run one flow.",
    ),
    error(
        "create-topics",
        How::Flow(provision::create_topics),
        "The target was asked whether it would create a missing topic (validate_only: nothing is made) and would not: a right, a policy, a config or the replication factor.",
    ),
    error(
        "missing-at-target",
        How::Flow(provision::missing_at_target),
        "A topic is missing at the target and provision.enabled is false.",
    ),
    error(
        "replication-factor",
        How::Flow(provision::replication_factor),
        "More replicas are asked for than the target has brokers.",
    ),
    warning(
        "replication-factor-differs",
        How::Flow(provision::replication_factor_differs),
        "A topic at the target has another replication factor than provision.replication_factor asks for.",
    ),
    error(
        "min-insync-replicas",
        How::Flow(provision::min_insync_replicas),
        "min.insync.replicas is above the number of replicas: nothing can be written.",
    ),
    warning(
        "min-insync-no-spare",
        How::Flow(provision::min_insync_no_spare),
        "min.insync.replicas equals the number of replicas: nothing can be written while one broker is down.",
    ),
    error(
        "partitions-fewer",
        How::Flow(provision::partitions_fewer),
        "A topic has fewer partitions at the target than at the source, and provision.enabled is false: the partitions without a counterpart cannot be copied.",
    ),
    warning(
        "partitions-grow",
        How::Flow(provision::partitions_grow),
        "A topic has fewer partitions at the target than at the source; replicate will add them.",
    ),
    warning(
        "partitions-more",
        How::Flow(provision::partitions_more),
        "A topic has more partitions at the target than at the source. The copy is right, and keys are spread differently after a failover.",
    ),
    warning(
        "max-message-bytes",
        How::Flow(configs::max_message_bytes),
        "The target takes smaller batches than the source. Larger ones are split; a single record that is too large stops its partition, or is skipped, by policy.on_oversize.",
    ),
    error(
        "timestamp-type",
        How::Flow(configs::timestamp_type),
        "The target topic writes its own time into every record (LogAppendTime), so copies do not have the source's (guarantee G4).",
    ),
    warning(
        "timestamp-limits",
        How::Flow(configs::timestamp_limits),
        "The target topic refuses records whose time is too far from its clock. A copy brings records of any age.",
    ),
    warning(
        "compression-type",
        How::Flow(configs::compression_type),
        "compression.type of the target topic is a codec that the copy does not send: its brokers compress every batch anew.",
    ),
    error(
        "cleanup-policy",
        How::Flow(configs::cleanup_policy),
        "One side compacts where the other deletes: records are lost at one of them that the other keeps.",
    ),
    warning(
        "retention-shorter",
        How::Flow(configs::retention_shorter),
        "The target forgets records sooner than the source, or keeps fewer of them.",
    ),
    warning(
        "retention-longer",
        How::Flow(configs::retention_longer),
        "The target keeps records longer than the source, or more of them.",
    ),
    warning(
        "throttle-left",
        How::Flow(configs::throttle_left),
        "Replicas of a target topic are throttled while nobody moves them: a run that moved them was killed, or \
         somebody forgot. A follower that falls behind catches up slowly, or leaves the in-sync replicas.",
    ),
    error(
        "target-name",
        How::Flow(configs::target_name),
        "With rename the name is longer than a topic's may be.",
    ),
];

/// Lists all checks.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [READING, FILE, CLUSTER, FLOW].into_iter().flatten()
}

/// Finds a check by its name.
pub fn find(name: &str) -> Option<&'static Check> {
    all().find(|check| check.name == name)
}

/// Returns docs/checks.md.
pub fn page() -> String {
    let mut page = String::from(
        "# The checks of `strait validate`\n\n\
         Generated from the program's own list. Names do not change. A finding of a check marked *error* \
         makes the exit code 10; one marked *warning* only with `--strict`. A check that could not be made is \
         said to be unknown and never passed (exit 11).\n",
    );
    let parts = [
        (
            "While the file is read",
            READING,
            "Made with `--offline` too. Errors here keep all later checks from being made.",
        ),
        ("The file", FILE, "Made with `--offline` too."),
        ("Each cluster", CLUSTER, "Made for each cluster that a flow uses."),
        (
            "Each flow",
            FLOW,
            "Nothing is changed at either cluster: rights are read, or tried in ways that change nothing.",
        ),
    ];
    for (title, checks, words) in parts {
        page.push_str(&format!("\n# {title}\n\n{words}\n"));
        for check in checks {
            let (name, severity) = (check.name, check.severity.word());
            page.push_str(&format!("\n## {name}\n\n*{severity}* {}\n", check.explanation));
        }
    }
    page
}

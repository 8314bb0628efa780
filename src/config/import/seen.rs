//! Two clusters or more that were looked at, as a configuration that fits them.

use super::draft::{Draft, Flow, Remark, Table, Value};

/// Topics that are listed in a comment.
const LISTED_MAX: usize = 100;
/// Replicas that are asked for where there are brokers enough.
const REPLICAS_WANTED: usize = 3;
/// Bootstrap servers that are written.
const SERVERS_MAX: usize = 3;

/// Says what was seen of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCluster {
    /// The name it is to have.
    pub alias: String,
    /// The address that was asked.
    pub asked: String,
    /// The addresses its brokers advertise, those that can be reached.
    pub reached: Vec<String>,
    /// How many brokers there are.
    pub brokers: usize,
    /// Its id.
    pub id: String,
    /// How it was got in to: the keys of its table for that.
    pub access: Table,
    /// What a client's file says of it that this one does not.
    pub remarks: Vec<Remark>,
    /// Why their sizes are not told in bytes, where a right is missing.
    pub sizes_refused: Option<String>,
    /// Its topics but for internal ones, in the order of their names.
    pub topics: Vec<SeenTopic>,
}

/// Says what was seen of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenTopic {
    /// The name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: usize,
    /// How large it is.
    pub size: SeenSize,
}

/// Says how large a topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenSize {
    /// The bytes of one replica.
    Bytes(u64),
    /// About as many records, where the brokers do not tell bytes.
    Records(u64),
    /// Not told.
    Unknown,
}

impl std::fmt::Display for SeenSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SeenSize::Bytes(bytes) => f.write_str(&crate::config::units::about_size(*bytes)),
            SeenSize::Records(records) => write!(f, "{records} records"),
            SeenSize::Unknown => f.write_str("size not told"),
        }
    }
}

/// Makes a configuration with one flow: from the first cluster to the second.
pub fn draft(clusters: &[SeenCluster], topics: &[String]) -> Draft {
    let mut draft = Draft::default();
    for cluster in clusters {
        draft.clusters.push((cluster.alias.clone(), table(cluster)));
        draft.remarks.extend(cluster.remarks.iter().cloned());
    }
    if let [source, target, ..] = clusters {
        draft.flows.push(flow(source, target, topics));
    }
    draft
}

fn table(cluster: &SeenCluster) -> Table {
    let mut table = Table::default();
    let mut servers = vec![cluster.asked.clone()];
    let others = cluster.reached.iter().filter(|address| **address != cluster.asked);
    servers.extend(others.take(SERVERS_MAX - 1).cloned());
    table.set("bootstrap_servers", Value::List(servers));
    table.set("cluster_id", cluster.id.as_str());
    table.lines.extend(cluster.access.lines.iter().cloned());
    table
}

fn flow(source: &SeenCluster, target: &SeenCluster, topics: &[String]) -> Flow {
    let mut own = Table::default();
    let count = source.topics.len();
    own.comments.push(format!("{} at {}:", counted(count, "topic"), source.alias));
    own.comments.extend(source.sizes_refused.iter().map(|why| format!("sizes are in records: {why}")));
    for topic in source.topics.iter().take(LISTED_MAX) {
        own.comments.push(format!(
            "- {}: {}, {}",
            topic.name,
            counted(topic.partitions, "partition"),
            topic.size
        ));
    }
    if count > LISTED_MAX {
        own.comments.push(format!("- and {} more", count - LISTED_MAX));
    }
    own.set("source", source.alias.as_str());
    own.set("target", target.alias.as_str());
    own.set("topics", Value::List(topics.to_vec()));
    let mut provision = Table::default();
    let replicas = target.brokers.clamp(1, REPLICAS_WANTED);
    let comment = format!("cluster {} has {}", target.alias, counted(target.brokers, "broker"));
    provision.set_with("replication_factor", Value::Number(i64::try_from(replicas).unwrap_or(1)), comment);
    let name = format!("{}-{}", source.alias, target.alias).replace('.', "-");
    Flow { name, own, inner: vec![("provision", provision)] }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

//! Looking at clusters: which they are, how many brokers, which topics and how large.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;
use kafka_protocol::ResponseError;

use super::Failure;
use crate::config::import::draft::{Draft, Flow, Remark, Table, Value};
use crate::config::import::login_file::LoginFile;
use crate::config::import::seen::{SeenCluster, SeenSize, SeenTopic};
use crate::config::import::write::write;
use crate::config::load_text;
use crate::config::patterns::internal_rule;
use crate::config::settings::{ClusterSettings, Settings};
use crate::config::source::SourceText;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{ConnectCause, ConnectError, code_name};
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::kafka::survey;
use crate::report::problem::{Problem, Scope};
use crate::types::{TopicName, TopicPartition};
use crate::validate::collect;
use crate::validate::facts::ClusterFacts;

/// What brokers answer where sizes may not be asked.
const REFUSED: ResponseError = ResponseError::ClusterAuthorizationFailed;
/// What an address begins with that is to be encrypted.
const ENCRYPTED: &str = "SSL://";

/// Says how to get in to one cluster.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// The name the cluster is to have.
    pub alias: String,
    /// The address as typed.
    pub address: String,
    /// What a client's properties file says, and where that stands.
    pub login: Option<(PathBuf, LoginFile)>,
}

impl Door {
    /// Returns the address alone.
    fn server(&self) -> &str {
        self.address.strip_prefix(ENCRYPTED).unwrap_or(&self.address)
    }

    /// Returns the keys of the cluster's table that say how to get in.
    fn access(&self) -> Table {
        let mut table = Table::default();
        match &self.login {
            Some((_, login)) => table = login.table.clone(),
            None if self.address.starts_with(ENCRYPTED) => table.set("security_protocol", "SSL"),
            None => {}
        }
        table
    }

    /// Returns what the file says that the table does not, each with the file's name.
    fn remarks(&self) -> Vec<Remark> {
        let Some((path, login)) = &self.login else { return Vec::new() };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let of_file = |remark: &Remark| Remark { key: format!("{name}: {}", remark.key), ..remark.clone() };
        login.remarks.iter().map(of_file).collect()
    }
}

/// Looks at clusters by name and address.
pub(super) async fn at(doors: &[Door], timeout: Option<Duration>) -> Result<Vec<SeenCluster>, Failure> {
    let settings = settings(doors)?;
    let clusters = doors.iter().map(|door| {
        let settings = &settings.clusters[door.alias.as_str()];
        async move { one(settings, door, timeout).await }
    });
    let clusters: Vec<SeenCluster> = join_all(clusters).await.into_iter().collect::<Result<_, _>>()?;
    if let [source, target, ..] = clusters.as_slice()
        && source.id == target.id
    {
        let problem = Problem::new("one_cluster", Scope::Command, "both addresses lead to one cluster");
        let problem = problem.place(format!("{} and {}", source.asked, target.asked));
        let problem = problem.cause(format!("both report the id {}", source.id));
        return Err(Failure::Usage(Box::new(problem.hint("name a broker of the other cluster"))));
    }
    Ok(clusters)
}

/// Reads the addresses as a configuration would be, so that they are checked alike.
fn settings(doors: &[Door]) -> Result<Settings, Failure> {
    let mut draft = Draft::default();
    for door in doors {
        let mut table = Table::default();
        table.set("bootstrap_servers", Value::List(vec![door.server().to_owned()]));
        table.lines.extend(door.access().lines);
        draft.clusters.push((door.alias.clone(), table));
    }
    let mut flow = Flow { name: "f".to_owned(), ..Flow::default() };
    flow.own.set("source", doors[0].alias.as_str());
    flow.own.set("target", doors[1].alias.as_str());
    flow.own.set("topics", Value::List(vec!["*".to_owned()]));
    draft.flows.push(flow);
    let source = SourceText::new(PathBuf::from("the command line"), write(&draft, ""));
    let logins = || doors.iter().filter_map(|door| door.login.as_ref().map(|(_, login)| login));
    let env = |name: &str| logins().find_map(|login| login.secret(name)).or_else(|| std::env::var(name).ok());
    let mut loaded = load_text(source, &env).map_err(|failure| {
        let found = failure.findings().next();
        let words = found.as_ref().map(|found| found.message.clone()).unwrap_or_default();
        let problem = Problem::new("from_cluster", Scope::Command, words);
        let hints = found.and_then(|found| found.help).into_iter();
        let hints = hints.chain(logins().flat_map(LoginFile::exports).map(str::to_owned));
        Failure::Usage(Box::new(hints.fold(problem, Problem::hint)))
    })?;
    for cluster in loaded.settings.clusters.values_mut() {
        cluster.bootstrap_servers.iter_mut().for_each(|server| server.line = 0);
    }
    Ok(loaded.settings)
}

async fn one(
    settings: &ClusterSettings,
    door: &Door,
    timeout: Option<Duration>,
) -> Result<SeenCluster, Failure> {
    let (facts, cluster) = collect::cluster(settings, timeout).await;
    let (Some(told), Some(cluster)) = (&facts.told, &cluster) else {
        return Err(unreached(&facts, door));
    };
    let bytes = bytes(cluster, &told.metadata).await;
    let sizes_refused = bytes.as_ref().err().filter(|code| **code == Some(REFUSED));
    let sizes_refused = sizes_refused.map(|_| {
        let principal = settings.principal();
        format!("{principal} has no Describe on the cluster ({})", code_name(&REFUSED))
    });
    let reached = facts.brokers.iter().filter(|reach| reach.result.is_ok()).map(|reach| reach.peer.address());
    Ok(SeenCluster {
        alias: settings.alias.to_string(),
        asked: door.server().to_owned(),
        reached: reached.collect(),
        brokers: told.metadata.brokers.len(),
        id: told.id.to_string(),
        access: door.access(),
        remarks: door.remarks(),
        sizes_refused,
        topics: topics(cluster, &told.metadata, bytes.ok()).await,
    })
}

fn unreached(facts: &ClusterFacts, door: &Door) -> Failure {
    let error = facts.bootstrap.iter().find_map(|reach| reach.result.as_ref().err());
    let Some(error) = error else {
        let what = "the cluster does not tell its topics";
        return Failure::Failed(Box::new(Problem::new("metadata", Scope::Cluster(door.alias.clone()), what)));
    };
    let problem = Box::new(explained(error, door));
    match needs_login(&error.cause) && door.login.is_none() {
        true => Failure::NeedsLogin { alias: door.alias.clone(), problem },
        false => Failure::Failed(problem),
    }
}

/// Says whether a client's properties may be what is missing.
fn needs_login(cause: &ConnectCause) -> bool {
    matches!(
        cause,
        ConnectCause::ExpectsSasl
            | ConnectCause::ExpectsTls(_)
            | ConnectCause::UnknownAuthority
            | ConnectCause::ClientCertificateRefused(_)
    )
}

/// Says what to do about an error; where a setting would help there is no file yet to set it in.
fn explained(error: &ConnectError, door: &Door) -> Problem {
    let mut problem = Problem::from(error);
    let alias = &door.alias;
    problem.hints = match (&error.cause, &door.login) {
        (_, Some((path, login))) => {
            let exports = login.exports().map(str::to_owned);
            exports.chain([format!("mend {}, which says how to get in", path.display())]).collect()
        }
        (ConnectCause::NotTls, None) => vec!["leave SSL:// out".to_owned()],
        (cause, None) if needs_login(cause) => {
            let hint = format!(
                "name a client's properties file, as Kafka's tools take by --command-config: --client-properties {alias}=FILE"
            );
            let encrypts = matches!(cause, ConnectCause::ExpectsTls(_));
            let system =
                "or write SSL://HOST:PORT where the system's authorities are enough, without a login";
            [hint].into_iter().chain(encrypts.then(|| system.to_owned())).collect()
        }
        _ => return problem,
    };
    problem
}

async fn topics(
    cluster: &Cluster,
    metadata: &Metadata,
    bytes: Option<BTreeMap<TopicName, u64>>,
) -> Vec<SeenTopic> {
    let records = if bytes.is_none() { records(cluster, metadata).await } else { None };
    let seen = metadata
        .topics
        .iter()
        .filter(|(name, topic)| !topic.is_internal && internal_rule(name.as_str()).is_none());
    let mut topics: Vec<SeenTopic> = seen
        .map(|(name, topic)| {
            let replicas = topic.partitions.values().map(|one| one.replicas).max().unwrap_or(1).max(1);
            let size = match (&bytes, &records) {
                (Some(bytes), _) => SeenSize::Bytes(bytes.get(name).copied().unwrap_or(0) / replicas as u64),
                (None, Some(records)) => SeenSize::Records(records.get(name).copied().unwrap_or(0)),
                (None, None) => SeenSize::Unknown,
            };
            SeenTopic { name: name.to_string(), partitions: topic.partitions.len(), size }
        })
        .collect();
    topics.sort_by(|one, two| one.name.cmp(&two.name));
    topics
}

/// Adds up what every broker has; the error is a broker's code where one does not tell.
async fn bytes(
    cluster: &Cluster,
    metadata: &Metadata,
) -> Result<BTreeMap<TopicName, u64>, Option<ResponseError>> {
    let asked = join_all(metadata.brokers.keys().map(|node| survey::topic_bytes(cluster, *node))).await;
    let mut sum = BTreeMap::new();
    for answer in asked {
        for (topic, bytes) in answer.map_err(|_| None)?.map_err(Some)? {
            *sum.entry(topic).or_default() += bytes;
        }
    }
    Ok(sum)
}

/// Counts offsets, of which not each need be a record any more.
async fn records(cluster: &Cluster, metadata: &Metadata) -> Option<BTreeMap<TopicName, u64>> {
    let partitions: Vec<TopicPartition> = metadata
        .topics
        .iter()
        .flat_map(|(name, topic)| {
            topic.partitions.keys().map(|index| TopicPartition::new(name.clone(), *index))
        })
        .collect();
    let asked = |spec| partitions.iter().map(|name| (name.clone(), spec)).collect::<Vec<_>>();
    let (first, end) = (asked(OffsetSpec::Earliest), asked(OffsetSpec::Latest));
    let first = offsets::list(cluster, metadata, &first, Isolation::ReadUncommitted).await.ok()?;
    let end = offsets::list(cluster, metadata, &end, Isolation::ReadUncommitted).await.ok()?;
    let mut records: BTreeMap<TopicName, u64> = BTreeMap::new();
    for name in &partitions {
        if let (Ok(first), Ok(end)) = (offsets::answer(&first, name), offsets::answer(&end, name)) {
            *records.entry(name.topic.clone()).or_default() += u64::try_from(end - first).unwrap_or(0);
        }
    }
    Some(records)
}

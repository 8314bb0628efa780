//! Looking at clusters: which they are, how many brokers, which topics and how large.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;

use super::Failure;
use crate::config::import::seen::{SeenCluster, SeenSize, SeenTopic};
use crate::config::load_text;
use crate::config::patterns::internal_rule;
use crate::config::settings::{ClusterSettings, Settings};
use crate::config::source::SourceText;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{ConnectCause, ConnectError};
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::kafka::survey;
use crate::report::problem::{Problem, Scope};
use crate::types::{TopicName, TopicPartition};
use crate::validate::collect;
use crate::validate::facts::ClusterFacts;

/// What an address begins with that is to be encrypted.
const ENCRYPTED: &str = "SSL://";

/// Looks at clusters by name and address.
pub(super) async fn at(
    typed: &[(String, String)],
    timeout: Option<Duration>,
) -> Result<Vec<SeenCluster>, Failure> {
    let settings = settings(typed)?;
    let clusters = typed.iter().map(|(name, address)| {
        let settings = &settings.clusters[name.as_str()];
        async move { one(settings, address, timeout).await }
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
fn settings(typed: &[(String, String)]) -> Result<Settings, Failure> {
    let mut text = String::new();
    for (name, address) in typed {
        let (protocol, address) = match address.strip_prefix(ENCRYPTED) {
            Some(address) => ("SSL", address),
            None => ("PLAINTEXT", address.as_str()),
        };
        let quote = |text: &str| toml::Value::from(text).to_string();
        text.push_str(&format!("[clusters.{}]\nbootstrap_servers = [{}]\n", quote(name), quote(address)));
        text.push_str(&format!("security_protocol = {}\n", quote(protocol)));
    }
    let ends = [&typed[0].0, &typed[1].0].map(|name| toml::Value::from(name.as_str()).to_string());
    text.push_str(&format!("[flows.f]\nsource = {}\ntarget = {}\ntopics = [\"*\"]\n", ends[0], ends[1]));
    let source = SourceText::new(PathBuf::from("the command line"), text);
    let mut loaded = load_text(source, &|_| None).map_err(|failure| {
        let found = failure.findings().next();
        let words = found.as_ref().map(|found| found.message.clone()).unwrap_or_default();
        let problem = Problem::new("from_cluster", Scope::Command, words);
        let hint = found.and_then(|found| found.help);
        Failure::Usage(Box::new(hint.into_iter().fold(problem, Problem::hint)))
    })?;
    for cluster in loaded.settings.clusters.values_mut() {
        cluster.bootstrap_servers.iter_mut().for_each(|server| server.line = 0);
    }
    Ok(loaded.settings)
}

async fn one(
    settings: &ClusterSettings,
    address: &str,
    timeout: Option<Duration>,
) -> Result<SeenCluster, Failure> {
    let (facts, cluster) = collect::cluster(settings, timeout).await;
    let (Some(told), Some(cluster)) = (&facts.told, &cluster) else {
        return Err(unreached(&facts, settings));
    };
    let reached = facts.brokers.iter().filter(|reach| reach.result.is_ok()).map(|reach| reach.peer.address());
    Ok(SeenCluster {
        alias: settings.alias.to_string(),
        asked: address.strip_prefix(ENCRYPTED).unwrap_or(address).to_owned(),
        reached: reached.collect(),
        brokers: told.metadata.brokers.len(),
        id: told.id.to_string(),
        protocol: settings.tls.as_ref().map(|_| "SSL"),
        topics: topics(cluster, &told.metadata).await,
    })
}

fn unreached(facts: &ClusterFacts, settings: &ClusterSettings) -> Failure {
    let error = facts.bootstrap.iter().find_map(|reach| reach.result.as_ref().err());
    let problem = match error {
        Some(error) => explained(error),
        None => Problem::new(
            "metadata",
            Scope::Cluster(settings.alias.to_string()),
            "the cluster does not tell its topics",
        ),
    };
    Failure::Failed(Box::new(problem))
}

/// Says what to do about an error; where a setting would help there is no file yet to set it in.
fn explained(error: &ConnectError) -> Problem {
    let problem = Problem::from(error);
    let hint = match error.cause {
        ConnectCause::ExpectsTls(_) => "write SSL://HOST:PORT for a listener that encrypts",
        ConnectCause::NotTls => "leave SSL:// out",
        ConnectCause::ExpectsSasl
        | ConnectCause::UnknownAuthority
        | ConnectCause::ClientCertificateRefused(_) => {
            "take --template, set the cluster's sasl_ and ssl_ keys there, and run strait validate"
        }
        _ => return problem,
    };
    Problem { hints: vec![hint.to_owned()], ..problem }
}

async fn topics(cluster: &Cluster, metadata: &Metadata) -> Vec<SeenTopic> {
    let bytes = bytes(cluster, metadata).await;
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

/// Adds up what every broker has; `None` where one does not tell.
async fn bytes(cluster: &Cluster, metadata: &Metadata) -> Option<BTreeMap<TopicName, u64>> {
    let asked = join_all(metadata.brokers.keys().map(|node| survey::topic_bytes(cluster, *node))).await;
    let mut sum = BTreeMap::new();
    for answer in asked {
        for (topic, bytes) in answer.ok()?.ok()? {
            *sum.entry(topic).or_default() += bytes;
        }
    }
    Some(sum)
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

//! Finding out: a fixed number of requests to each cluster, and for each flow. Nothing is changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, CreatePartitionsRequest, CreateTopicsRequest, DescribeConfigsRequest,
    EndTxnRequest, FetchRequest, FindCoordinatorRequest, InitProducerIdRequest, ListOffsetsRequest,
    MetadataRequest, OffsetCommitRequest, ProduceRequest,
};
use tokio::time::Instant;

use super::facts::{ClusterFacts, Listener, Reach, Told};
use crate::config::settings::ClusterSettings;
use crate::kafka::cluster::{Cluster, bootstrap_peer};
use crate::kafka::connection::Connection;
use crate::kafka::error::{ConnectError, Remedy};
use crate::kafka::retry::Backoff;
use crate::kafka::{certificate, survey};

/// How long each question is asked again while what fails may pass.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// First Metadata that tells topic ids (KIP-516).
const TOPIC_IDS_VERSION: i16 = 10;
/// The brokers' configs that matter to a copy.
const BROKER_KEYS: [&str; 5] = [
    "auto.create.topics.enable",
    "default.replication.factor",
    "min.insync.replicas",
    "num.partitions",
    "inter.broker.protocol.version",
];

/// Finds out about a cluster; the second value is the cluster where it can be used.
///
/// An id that is pinned in the file is not held against the cluster here: that is a check's to say.
/// A cluster that cannot be reached is tried again for as long as `timeout`.
pub async fn cluster(
    settings: &ClusterSettings,
    timeout: Option<Duration>,
) -> (ClusterFacts, Option<Cluster>) {
    let settings = ClusterSettings { cluster_id: None, ..settings.clone() };
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let count = settings.bootstrap_servers.len();
    let opened = join_all((0..count).map(|index| bootstrap(&settings, index, deadline))).await;
    let mut usable = None;
    let mut reached = Vec::new();
    for (index, result) in opened.into_iter().enumerate() {
        let peer = bootstrap_peer(&settings, index);
        let result = match result {
            Ok(cluster) => {
                let ends = certificate_end(&cluster, &peer).await;
                usable = usable.or(Some(cluster));
                Ok(Listener { certificate_ends_s: ends, ..Listener::default() })
            }
            Err(error) => Err(error),
        };
        reached.push(Reach { peer, result });
    }
    let mut facts =
        ClusterFacts { bootstrap: reached, brokers: Vec::new(), told: None, refused: None, now_ms: now_ms() };
    let Some(cluster) = usable else { return (facts, None) };
    let metadata = match cluster.retrying(PATIENCE, || cluster.metadata(None)).await {
        Ok(metadata) => metadata,
        Err(error) => {
            facts.refused = Some(error);
            return (facts, None);
        }
    };
    facts.brokers = join_all(cluster.brokers().into_iter().map(|peer| broker(&cluster, peer))).await;
    let nodes = facts.brokers.iter().filter(|reach| reach.result.is_ok()).filter_map(|reach| reach.peer.node);
    let configs = join_all(nodes.map(|node| {
        let cluster = &cluster;
        async move { (node, survey::broker_configs(cluster, node, &BROKER_KEYS).await) }
    }));
    let configs = configs.await;
    let asked = now_ms();
    let clock = survey::clock_ms(&cluster).await;
    let answered = now_ms();
    facts.told = Some(Told {
        id: cluster.id().clone(),
        metadata,
        configs: configs.into_iter().collect::<BTreeMap<_, _>>(),
        clock_ahead_ms: clock.map(|told| told.map(|clock| clock.map(|clock| clock - (asked + answered) / 2))),
        clock_error_ms: answered - asked,
    });
    (facts, Some(cluster))
}

/// Uses one bootstrap server and no other.
async fn bootstrap(
    settings: &ClusterSettings,
    index: usize,
    deadline: Option<Instant>,
) -> Result<Cluster, ConnectError> {
    let server = settings.bootstrap_servers[index].clone();
    let alone = Arc::new(ClusterSettings { bootstrap_servers: vec![server], ..settings.clone() });
    let mut backoff = Backoff::default();
    loop {
        let error = match Cluster::open(alone.clone()).await {
            Ok(cluster) => return Ok(cluster),
            Err(error) => error,
        };
        let pause = backoff.next_pause();
        let is_in_time = deadline.is_some_and(|deadline| Instant::now() + pause < deadline);
        if !is_in_time || error.cause.remedy() == Remedy::Fatal {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Uses one broker under the address it advertises.
async fn broker(cluster: &Cluster, peer: crate::kafka::peer::Peer) -> Reach {
    let node = peer.node.unwrap_or(-1);
    let result = match cluster.control(node).await {
        Ok(connection) => Ok(Listener {
            certificate_ends_s: certificate_end(cluster, &peer).await,
            lacks: lacking(&connection),
            has_topic_ids: connection.version_of::<MetadataRequest>().is_ok_and(|v| v >= TOPIC_IDS_VERSION),
        }),
        Err(error) => Err(error),
    };
    Reach { peer, result }
}

async fn certificate_end(cluster: &Cluster, peer: &crate::kafka::peer::Peer) -> Option<i64> {
    certificate::ends_s(&cluster.connector().certificate(peer).await?)
}

/// Lists the requests a flow needs and the broker does not offer in a version we speak.
fn lacking(connection: &Connection) -> Vec<&'static str> {
    let mut lacking = Vec::new();
    macro_rules! need {
        ($($request:ty => $name:literal),* $(,)?) => {
            $(if connection.version_of::<$request>().is_err() { lacking.push($name); })*
        };
    }
    need! {
        MetadataRequest => "Metadata", FetchRequest => "Fetch", ProduceRequest => "Produce",
        ListOffsetsRequest => "ListOffsets", FindCoordinatorRequest => "FindCoordinator",
        InitProducerIdRequest => "InitProducerId", AddPartitionsToTxnRequest => "AddPartitionsToTxn",
        EndTxnRequest => "EndTxn", OffsetCommitRequest => "OffsetCommit",
        CreateTopicsRequest => "CreateTopics", CreatePartitionsRequest => "CreatePartitions",
        DescribeConfigsRequest => "DescribeConfigs",
    }
    lacking
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

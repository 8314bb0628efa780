//! What is found out about clusters and flows, so that checks need not wait for anything.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kafka_protocol::ResponseError;

use crate::kafka::admin::{Refusal, TopicConfigs};
use crate::kafka::error::{ConnectError, KafkaError};
use crate::kafka::metadata::{Metadata, TopicMetadata};
use crate::kafka::peer::Peer;
use crate::kafka::rights::Operations;
use crate::types::{ClusterId, TopicName};

/// Holds a fact, or why it is not known.
pub type Known<T> = Result<T, KafkaError>;

/// Holds what was found out about a cluster.
#[derive(Clone, Debug)]
pub struct ClusterFacts {
    /// Each bootstrap server, in the order of the file.
    pub bootstrap: Vec<Reach>,
    /// Each broker, as advertised.
    pub brokers: Vec<Reach>,
    /// What the cluster says of itself; `None` where no bootstrap server could be used, or it would not say.
    pub told: Option<Told>,
    /// Why a cluster that could be reached says nothing of itself.
    pub refused: Option<KafkaError>,
    /// When it was asked by the clock here, in milliseconds since 1970.
    pub now_ms: i64,
}

/// Says whether a listener can be used.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The listener.
    pub peer: Peer,
    /// What was found there.
    pub result: Result<Listener, ConnectError>,
}

/// Holds what was found at a listener that can be used.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    /// When its certificate ends, in seconds since 1970; `None` without TLS.
    pub certificate_ends_s: Option<i64>,
    /// Requests a flow needs and the broker does not offer.
    pub lacks: Vec<&'static str>,
    /// Whether the broker tells a topic's id (Kafka 2.8 and later).
    pub has_topic_ids: bool,
}

/// Holds what a cluster says of itself.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its id.
    pub id: ClusterId,
    /// Its brokers and all topics that may be seen.
    pub metadata: Metadata,
    /// Configs of the brokers, by id.
    pub configs: BTreeMap<i32, Known<BrokerConfigs>>,
    /// By how many milliseconds its clock is ahead of the one here; `None` where it does not tell, the
    /// broker's code where it may not be asked.
    pub clock_ahead_ms: Known<Result<Option<i64>, ResponseError>>,
    /// How long the answer took that holds the clock, in milliseconds.
    pub clock_error_ms: i64,
}

/// Holds configs of a broker, or why it does not tell them.
pub type BrokerConfigs = Result<HashMap<String, String>, Refusal>;

/// Holds what was found out about a flow.
#[derive(Clone, Debug)]
pub struct FlowFacts {
    /// Every topic the flow copies.
    pub topics: Vec<Pair>,
    /// State topics that other flows of the file keep at the source.
    pub opposite: Vec<TopicName>,
    /// Topics named in full that cannot be seen at the source, each with the broker's code.
    pub absent: Vec<(TopicName, ResponseError)>,
    /// What the configs of the topics are, at the source.
    pub source_configs: Known<Configs>,
    /// What the configs of the topics are that exist at the target.
    pub target_configs: Known<Configs>,
    /// The target's topics of which replicas are being moved, or why that is not told.
    pub moving: Known<Result<BTreeSet<TopicName>, Refusal>>,
    /// What may be done with the topics at the source.
    pub source_rights: Known<Rights>,
    /// What may be done with the topics at the target, the state topic among them.
    pub target_rights: Known<Rights>,
    /// Whether the target would create the topics that are missing, the state topic among them.
    pub creations: Known<HashMap<TopicName, Result<(), Refusal>>>,
    /// Whether each group may be read that the flow commits to or shares its partitions by.
    pub groups: Vec<(String, Known<bool>)>,
    /// Whether transactional ids of the flow may be written.
    pub transactional: Known<bool>,
}

/// Holds the configs of topics, or why a topic does not tell them.
pub type Configs = HashMap<TopicName, Result<TopicConfigs, Refusal>>;

/// Holds what may be done with topics, or the broker's code.
pub type Rights = HashMap<TopicName, Result<Option<Operations>, ResponseError>>;

/// Pairs a source topic with its copy.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The name at the source.
    pub source: TopicName,
    /// The topic there.
    pub at_source: TopicMetadata,
    /// The name at the target.
    pub target: TopicName,
    /// The topic there; `None` where it does not exist, or may not be seen.
    pub at_target: Option<TopicMetadata>,
}

impl FlowFacts {
    /// Lists the topics that exist on both sides, with their configs where both may be read.
    pub fn both(&self) -> impl Iterator<Item = (&Pair, &TopicConfigs, &TopicConfigs)> {
        fn find<'a>(all: &'a Known<Configs>, name: &TopicName) -> Option<&'a TopicConfigs> {
            all.as_ref().ok()?.get(name)?.as_ref().ok()
        }
        self.topics.iter().filter(|pair| pair.at_target.is_some()).filter_map(|pair| {
            let source = find(&self.source_configs, &pair.source)?;
            Some((pair, source, find(&self.target_configs, &pair.target)?))
        })
    }
}

//! The two regions of the demo: sandbox clusters, and the configuration that names them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::ApiKey;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::DemoError;
use crate::config::settings::{ClusterSettings, FlowSettings, Settings};
use crate::config::source::SourceText;
use crate::config::{self, ConfigFailure};
use crate::kafka;
use crate::sandbox::{Action, Cluster, ClusterSpec, Fault, TopicSpec};

/// Brokers of each region.
pub(super) const BROKERS: i32 = 3;
/// The names, source first.
pub(super) const NAMES: [&str; 2] = ["us", "eu"];
/// How late reads are answered when the line gets worse.
pub(super) const SLOWNESS: Duration = Duration::from_millis(250);
/// How long yesterday's records may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Holds both regions.
pub(super) struct Regions {
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) settings: Settings,
    pub(super) text: String,
}

impl Regions {
    /// Starts both, with the topic in the first.
    pub(super) async fn start(topic: &str, partitions: i32, group: &str) -> Result<Self, DemoError> {
        let spec = || {
            ClusterSpec::new(BROKERS.unsigned_abs() as usize)
                .broker_config("auto.create.topics.enable", "false")
                .broker_config("group.initial.rebalance.delay.ms", "0")
        };
        let topic_spec = TopicSpec::new(topic, partitions)
            .replication_factor(3)
            .config("min.insync.replicas", "2")
            .config("retention.ms", "86400000");
        let source = Cluster::start(spec().topic(topic_spec)).await?;
        let target = Cluster::start(spec()).await?;
        let text = configuration(&source, &target, topic, group);
        let settings = read(&text).map_err(DemoError::Configuration)?;
        Ok(Self { source, target, settings, text })
    }

    /// Returns the one flow.
    pub(super) fn flow(&self) -> &FlowSettings {
        self.settings.flows.values().next().expect("the demo's own configuration has a flow")
    }

    /// Returns how both are reached, source first.
    pub(super) fn settings_of_both(&self) -> (Arc<ClusterSettings>, Arc<ClusterSettings>) {
        let of = |name: &str| Arc::new(self.settings.clusters[name].clone());
        (of(NAMES[0]), of(NAMES[1]))
    }

    /// Opens the target.
    pub(super) async fn open_target(&self) -> Result<kafka::cluster::Cluster, DemoError> {
        Ok(kafka::cluster::Cluster::open(self.settings_of_both().1).await?)
    }

    /// Has every read from the source answered late from now on, as over a line that gets worse.
    pub(super) fn slow_down(&self) {
        self.source.plan(Fault::on(ApiKey::Fetch, Action::DelayAnswer(SLOWNESS)).times(u32::MAX));
    }

    /// Returns the ends of the source's partitions, as its brokers have them.
    pub(super) fn source_ends(&self, topic: &str, partitions: i32) -> Result<BTreeMap<i32, i64>, DemoError> {
        let end = |partition| Ok((partition, self.source.offsets(topic, partition)?.high_watermark));
        (0..partitions).map(end).collect()
    }

    /// Stops every broker of the source.
    pub(super) fn cut(&self) -> Result<(), DemoError> {
        Ok((1..=BROKERS).try_for_each(|broker| self.source.stop_broker(broker))?)
    }

    /// Starts them again, as fast as they were.
    pub(super) fn heal(&self) -> Result<(), DemoError> {
        self.source.clear_faults();
        Ok((1..=BROKERS).try_for_each(|broker| self.source.start_broker(broker))?)
    }

    /// Gives the topic a past that retention has taken, a different one in each partition: from here on an
    /// offset at the target is not what it is at the source.
    pub(super) async fn age(&self, topic: &str, partitions: i32) -> Result<(), DemoError> {
        let mut client = kafka::librdkafka::client_config(&self.settings.clusters[NAMES[0]]);
        client.set("enable.idempotence", "true");
        let name = topic.to_owned();
        let written = tokio::task::spawn_blocking(move || {
            let producer: BaseProducer = client.create()?;
            for partition in 0..partitions {
                for _ in 0..=partition * 137 {
                    let record = BaseRecord::<str, str>::to(&name).partition(partition).payload("yesterday");
                    producer.send(record).map_err(|(error, _)| error)?;
                }
            }
            producer.flush(PATIENCE)
        });
        written.await.map_err(DemoError::Defect)??;
        for partition in 0..partitions {
            let end = self.source.offsets(topic, partition)?.log_end;
            self.source.trim(topic, partition, end)?;
        }
        Ok(())
    }
}

fn configuration(source: &Cluster, target: &Cluster, topic: &str, group: &str) -> String {
    let servers = |cluster: &Cluster| {
        cluster.addresses().iter().map(|address| format!("\"{address}\"")).collect::<Vec<_>>().join(", ")
    };
    let [us, eu] = NAMES;
    format!(
        "# The clusters of `strait demo`: gone when it ends.\n\
         [clusters.{us}]\nbootstrap_servers = [{}]\n\n\
         [clusters.{eu}]\nbootstrap_servers = [{}]\n\n\
         [flows.{us}-{eu}]\nsource = \"{us}\"\ntarget = \"{eu}\"\ntopics = [\"{topic}\"]\ngroups = [\"{group}\"]\n\n\
         [flows.{us}-{eu}.provision]\nreplication_factor = {BROKERS}\n\n\
         [flows.{us}-{eu}.limits]\ncheckpoint_interval = \"1s\"\nshutdown_timeout = \"5s\"\n",
        servers(source),
        servers(target),
    )
}

fn read(text: &str) -> Result<Settings, ConfigFailure> {
    let source = SourceText::new(Path::new("strait.toml").to_owned(), text.to_owned());
    config::load_text(source, &|_| None).map(|loaded| loaded.settings)
}

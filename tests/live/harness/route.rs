//! The way from one cluster to another that a test copies along, and what arrived at its end.

use std::path::PathBuf;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use super::Lab;
use super::admin::create_topic;
use super::cluster::Cluster;
use super::compare::assert_same;
use super::records::{Isolation, read_all};
use super::shared::shared_pair;
use super::spec::Listener;
use super::strait::{Config, Finished, Running, run, start};

/// Longest a copy in these tests may take before the test fails.
pub const LIMIT: Duration = Duration::from_secs(90);
/// Longest a broker is asked where the records stand; one that is down is asked again.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// Holds where records come from and where they go, and what the configuration says of it.
pub struct Route<'a> {
    lab: &'a Lab,
    /// Where records come from.
    pub source: &'a Cluster,
    /// Where records go.
    pub target: &'a Cluster,
    source_side: (Listener, String),
    target_side: (Listener, String),
    more: String,
}

impl<'a> Route<'a> {
    /// Goes from the shared source to the shared target.
    pub fn shared(lab: &'a Lab) -> Self {
        let pair = shared_pair();
        Self::between(lab, &pair.source, &pair.target)
    }

    /// Goes from one cluster to another over their plain listeners, where they have one through the
    /// proxy.
    pub fn between(lab: &'a Lab, source: &'a Cluster, target: &'a Cluster) -> Self {
        let side = |cluster: &Cluster| {
            let proxied = cluster.spec.listeners.contains(&Listener::Proxied);
            (if proxied { Listener::Proxied } else { Listener::Plaintext }, String::new())
        };
        Self {
            lab,
            source,
            target,
            source_side: side(source),
            target_side: side(target),
            more: String::new(),
        }
    }

    /// Reads the source through another listener; `more` are further TOML lines of its table.
    pub fn source_by(mut self, listener: Listener, more: &str) -> Self {
        self.source_side = (listener, more.to_owned());
        self
    }

    /// Writes the target through another listener; `more` are further TOML lines of its table.
    pub fn target_by(mut self, listener: Listener, more: &str) -> Self {
        self.target_side = (listener, more.to_owned());
        self
    }

    /// Adds TOML lines to the flow; `[policy]` and the like are written `[flows.NAME.policy]` here.
    pub fn with(mut self, more: &str) -> Self {
        self.more =
            format!("{}{}\n", self.more, more.replace("flows.NAME", &format!("flows.{}", self.flow())));
        self
    }

    /// Gives up what cannot be done after two seconds; called after the sides are chosen.
    pub fn impatient(mut self) -> Self {
        for (_, more) in [&mut self.source_side, &mut self.target_side] {
            more.push_str("request_timeout = \"2s\"\n");
        }
        self.with("[flows.NAME.limits]\nretry_timeout = \"2s\"")
    }

    /// Returns the flow's name, the test's without its module.
    pub fn flow(&self) -> String {
        self.lab.name.rsplit('.').next().expect("a split has a first part").to_owned()
    }

    /// Writes the configuration of a flow that copies these topics.
    pub fn config(&self, topics: &[&str]) -> PathBuf {
        Config::new()
            .cluster("source", self.source, self.source_side.0, &self.source_side.1)
            .cluster("target", self.target, self.target_side.0, &self.target_side.1)
            .flow(&self.flow(), topics, &self.more)
            .write(&self.lab.work_dir())
    }

    /// Copies to the end offsets of now.
    pub fn once(&self, topics: &[&str]) -> Finished {
        run(&self.config(topics), &["replicate", "--once"], LIMIT)
    }

    /// Starts a copy that goes on until it is told to stop, and waits until it copies.
    pub fn start(&self, topics: &[&str]) -> Running {
        let mut running = start(&self.config(topics), &["replicate", "--format", "json"]);
        running.until("it copies", LIMIT, |run| run.stdout().contains("\"started\"").then_some(()));
        running
    }

    /// Waits until the target's log of a topic holds at least `count` records.
    pub fn until_arrived(&self, running: &mut Running, topic: &str, partitions: i32, count: i64) {
        let mut client: Option<BaseConsumer> = None;
        let ends = |_: &Running| {
            let asked = client.get_or_insert_with(|| self.target.client_config().create().unwrap());
            let end = |partition| Some(asked.fetch_watermarks(topic, partition, PROBE_LIMIT).ok()?.1);
            let Some(sum) = (0..partitions).map(end).sum::<Option<i64>>() else {
                // rdkafka keeps asking a leader that is gone for as long as its metadata is young.
                client = None;
                return None;
            };
            // Takeovers leave markers in the log, which are no records.
            (sum >= count && self.arrived(topic) >= count).then_some(())
        };
        running.until(&format!("{count} records of {topic} arrived"), LIMIT, ends);
    }

    /// Returns how many records the target's log holds for any reader.
    pub fn arrived(&self, topic: &str) -> i64 {
        let records = read_all(self.target, topic, Isolation::ReadUncommitted);
        i64::try_from(records.values().map(Vec::len).sum::<usize>()).unwrap()
    }

    /// Creates a topic, has it filled, copies it once, and compares: `count` records must arrive.
    pub fn carries(
        &self,
        topic: &str,
        (partitions, configs): (i32, &[(&str, &str)]),
        count: usize,
        fill: impl FnOnce(&Cluster),
    ) {
        create_topic(self.source, topic, partitions, configs);
        fill(self.source);
        self.once(&[topic]).assert_code(0);
        self.assert_same(topic, count);
    }

    /// Asserts that the target holds exactly the source's committed records, `count` of them.
    #[track_caller]
    pub fn assert_same(&self, topic: &str, count: usize) {
        assert_eq!(assert_same(self.source, self.target, topic), count, "{topic}");
    }
}

/// Stops a running copy as an operator does, and sees to it that it says so.
pub fn terminate(running: Running) -> Finished {
    running.signal("TERM");
    running.finish(LIMIT).assert_code(143)
}

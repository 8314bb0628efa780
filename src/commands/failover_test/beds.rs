//! Where a drill is played: on the clusters of a flow, or on two in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Context, flows};
use super::Args;
use crate::config::settings::{ClusterSettings, FlowSettings, Settings};
use crate::config::source::SourceText;
use crate::config::{self};
use crate::drill::play::plan::Plan;
use crate::drill::scenario::Scenario;
use crate::report::problem::{Problem, Scope};
use crate::sandbox::{Cluster, ClusterSpec};

/// Brokers of each cluster in memory.
pub(super) const BROKERS: i32 = 3;
/// The clusters' names, source first.
const NAMES: [&str; 2] = ["us", "eu"];
/// How often a compacted topic in memory is compacted; brokers do that by themselves.
const COMPACTION_INTERVAL: Duration = Duration::from_millis(500);

/// Holds where a drill is played.
pub(super) struct Bed {
    settings: Settings,
    flow: FlowSettings,
    /// The clusters in memory, source first; `None` where the real ones are meant.
    pub(super) sandbox: Option<[Arc<Cluster>; 2]>,
}

/// Something that is done until this is dropped.
pub(super) struct Ticking(Option<tokio::task::JoinHandle<()>>);

impl Drop for Ticking {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl Bed {
    /// Returns the flow whose ends they are, and how these are reached, source first.
    pub(super) fn ends(&self) -> (FlowSettings, Arc<ClusterSettings>, Arc<ClusterSettings>) {
        let of = |alias| Arc::new(self.settings.clusters[alias].clone());
        (self.flow.clone(), of(&self.flow.source), of(&self.flow.target))
    }

    /// Has the clusters in memory compact the drill's topic, as real brokers do by themselves.
    pub(super) fn compact_again_and_again(&self, plan: &Plan) -> Ticking {
        let Some(clusters) = self.sandbox.clone().filter(|_| plan.load.is_compacted) else {
            return Ticking(None);
        };
        let (topic, partitions) = (plan.id.topic(), plan.load.partitions);
        Ticking(Some(tokio::spawn(async move {
            loop {
                tokio::time::sleep(COMPACTION_INTERVAL).await;
                for cluster in &clusters {
                    for partition in 0..partitions {
                        // A topic that is not there yet has nothing to compact.
                        let _ = cluster.compact(topic.as_str(), partition);
                    }
                }
            }
        })))
    }
}

/// Chooses by the options; every refusal is one of usage.
pub(super) async fn choose(args: &Args, context: &Context) -> Result<Bed, flows::Refusal> {
    let usage = |what: &str, hint: &str| Problem::new("usage", Scope::Command, what).hint(hint);
    if args.scenario == Scenario::BrokerRestart && !args.sandbox && args.fault_cmd.is_none() {
        let what = "broker-restart needs commands that restart brokers: --fault-cmd and --heal-cmd";
        return Err(usage(what, "with --sandbox the drill restarts brokers itself").into());
    }
    if args.sandbox {
        return in_memory().await.map_err(Into::into);
    }
    let (settings, flow) = flows::only_one(context, "one flow is rehearsed at a time")?;
    Ok(Bed { settings, flow, sandbox: None })
}

async fn in_memory() -> Result<Bed, Problem> {
    let failed = |cause: String| {
        Problem::new("sandbox", Scope::Command, "the clusters in memory cannot be started")
            .cause(cause)
            .hint("raise the limit on open files (ulimit -n)")
    };
    let start = async || {
        let spec = ClusterSpec::new(BROKERS.unsigned_abs() as usize)
            .broker_config("auto.create.topics.enable", "false")
            .broker_config("group.initial.rebalance.delay.ms", "0");
        Cluster::start(spec).await.map_err(|error| failed(error.to_string()))
    };
    let clusters = [Arc::new(start().await?), Arc::new(start().await?)];
    let [source, target] = &clusters;
    let source_text = SourceText::new(Path::new("strait.toml").to_owned(), configuration(source, target));
    let settings = config::load_text(source_text, &|_| None)
        .map(|loaded| loaded.settings)
        .map_err(|failure| failed(failure.render(false, 80)))?;
    let flow = settings.flows.values().next().cloned();
    let flow = flow.ok_or_else(|| failed("the drill's own configuration has no flow".to_owned()))?;
    Ok(Bed { settings, flow, sandbox: Some(clusters) })
}

fn configuration(source: &Cluster, target: &Cluster) -> String {
    let servers = |cluster: &Cluster| {
        cluster.addresses().iter().map(|address| format!("\"{address}\"")).collect::<Vec<_>>().join(", ")
    };
    let [us, eu] = NAMES;
    format!(
        "[clusters.{us}]\nbootstrap_servers = [{}]\n\n[clusters.{eu}]\nbootstrap_servers = [{}]\n\n\
         [flows.{us}-{eu}]\nsource = \"{us}\"\ntarget = \"{eu}\"\ntopics = [\"*\"]\ngroups = [\"*\"]\n\n\
         [flows.{us}-{eu}.provision]\nreplication_factor = {BROKERS}\n",
        servers(source),
        servers(target),
    )
}

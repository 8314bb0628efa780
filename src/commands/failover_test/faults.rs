//! Faults that are not the drill's own: commands, and brokers of clusters in memory.

use std::sync::Arc;
use std::time::Duration;

use super::Args;
use super::beds::Bed;
use crate::commands::hook;
use crate::drill::play::hooks::{Doing, HookError, Hooks};
use crate::drill::play::plan::Plan;
use crate::drill::scenario::Scenario;
use crate::report::problem::Problem;
use crate::sandbox::Cluster;

/// How long a command may take.
const COMMAND_PATIENCE: Duration = Duration::from_secs(120);
/// The broker that is restarted in memory.
const BROKER: i32 = 1;

/// Commands of whoever runs the drill.
#[derive(Debug)]
struct Commands {
    fault: String,
    heal: String,
    environment: Vec<(&'static str, String)>,
}

impl Commands {
    fn run<'a>(&'a self, command: &'a str) -> Doing<'a> {
        Box::pin(async move {
            let ended = hook::run(command, &self.environment, COMMAND_PATIENCE).await;
            ended.map_err(|cause| HookError { what: command.to_owned(), cause })
        })
    }
}

impl Hooks for Commands {
    fn strike(&self) -> Doing<'_> {
        self.run(&self.fault)
    }

    fn heal(&self) -> Doing<'_> {
        self.run(&self.heal)
    }
}

/// A broker at each end in memory that is down for a while.
#[derive(Debug)]
struct Brokers([Arc<Cluster>; 2]);

impl Brokers {
    fn each<'a>(
        &'a self,
        what: &'static str,
        act: impl Fn(&Cluster) -> Result<(), crate::sandbox::ClusterError> + Send + 'a,
    ) -> Doing<'a> {
        Box::pin(async move {
            let done = self.0.iter().try_for_each(|cluster| act(cluster));
            done.map_err(|error| HookError { what: what.to_owned(), cause: error.to_string() })
        })
    }
}

impl Hooks for Brokers {
    fn strike(&self) -> Doing<'_> {
        self.each("stopping a broker in memory", |cluster| cluster.stop_broker(BROKER))
    }

    fn heal(&self) -> Doing<'_> {
        self.each("starting a broker in memory", |cluster| cluster.start_broker(BROKER))
    }
}

/// Finds who makes the faults that are not the drill's own; nobody where there are none.
pub(super) fn of(args: &Args, bed: &Bed, plan: &Plan) -> Result<Option<Arc<dyn Hooks>>, Box<Problem>> {
    if let (Some(fault), Some(heal)) = (&args.fault_cmd, &args.heal_cmd) {
        let environment = vec![
            ("STRAIT_FLOW", plan.of_flow.to_string()),
            ("STRAIT_SOURCE", plan.source.alias.to_string()),
            ("STRAIT_TARGET", plan.target.alias.to_string()),
            ("STRAIT_DRILL", plan.id.to_string()),
            ("STRAIT_DRILL_TOPIC", plan.id.topic().to_string()),
        ];
        let (fault, heal) = (fault.clone(), heal.clone());
        return Ok(Some(Arc::new(Commands { fault, heal, environment })));
    }
    match &bed.sandbox {
        Some(clusters) if plan.scenario == Scenario::BrokerRestart => {
            Ok(Some(Arc::new(Brokers(clusters.clone()))))
        }
        _ => Ok(None),
    }
}

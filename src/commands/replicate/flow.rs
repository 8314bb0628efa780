//! One flow of a run: open both clusters, copy, tell what happens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::super::flows;
use super::super::observe::Observed;
use super::ended::Ended;
use crate::config::settings::{ClusterSettings, FlowSettings, Settings};
use crate::engine::event::Event;
use crate::engine::supervisor::{Flow, FlowError, RunMode};
use crate::exit::Exit;
use crate::groups::follow::Follower;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{ConnectError, Remedy};
use crate::kafka::retry::Backoff;
use crate::report::explain::flow_ended;
use crate::report::problem::Problem;
use crate::report::reporter::Reporter;

/// Events that may wait for the printer.
const EVENT_QUEUE_MAX: usize = 1024;
/// How long to wait for more of the same before trouble of a partition is told.
const EVENT_GATHER_TIME: Duration = Duration::from_millis(100);

/// Holds what one flow needs to run.
pub(super) struct FlowRun {
    pub(super) settings: Settings,
    pub(super) flow: FlowSettings,
    pub(super) mode: RunMode,
    pub(super) timeout: Option<Duration>,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) reporter: Reporter,
    pub(super) observed: Arc<Observed>,
}

impl FlowRun {
    /// Runs the flow to its end and tells what keeps it from starting.
    pub(super) async fn run(self) -> Ended {
        let name = self.flow.name.clone();
        let mut stop = self.stop.clone();
        let opened = tokio::select! {
            opened = self.open_both() => opened,
            _ = stop.changed() => return Ended::default(),
        };
        let clusters = match opened {
            Ok(clusters) => clusters,
            Err(error) => return self.failed(Exit::Failed, Problem::from(&error)),
        };
        if clusters.0.id() == clusters.1.id() {
            let problem = flows::one_cluster(&self.flow, clusters.0.id());
            return self.failed(Exit::Usage, problem);
        }
        let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
        let teller = tokio::spawn(tell_events(name.to_string(), receiver, self.reporter.clone()));
        let running = Flow::new(self.flow.clone(), self.mode, clusters.clone(), events.clone());
        self.observed.started(name.as_str(), running.view());
        let (ended, end) = oneshot::channel();
        let follower = (!self.flow.groups.is_empty()).then(|| {
            let follower = Follower::new(self.flow.clone(), clusters, running.view(), events.clone());
            // On a thread of its own: whatever it decodes, the copy's threads go on.
            let runtime = tokio::runtime::Handle::current();
            tokio::task::spawn_blocking(move || runtime.block_on(follower.run(end)))
        });
        drop(events);
        let outcome = running.run(self.stop.clone()).await;
        // Groups are looked after once more, now that all is copied that will be.
        drop(ended);
        if let Some(follower) = follower {
            // It ends by itself, within its own limit.
            let _ = follower.await;
        }
        // The teller ends when the flow's sender is gone.
        let _ = teller.await;
        match outcome {
            Ok(cells) => Ended::at(name.as_str(), &cells),
            Err(FlowError::Kafka(error)) => self.failed(Exit::Failed, Problem::from(&error)),
            Err(FlowError::Ended(ended)) => {
                self.failed(Exit::Failed, flow_ended(name.as_str(), self.flow.target.as_str(), &ended))
            }
        }
    }

    async fn open_both(&self) -> Result<(Cluster, Cluster), ConnectError> {
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        let waiting =
            |error: &ConnectError| self.reporter.waiting(self.flow.name.as_str(), &error.to_string());
        let settings = |alias| Arc::new(self.settings.clusters[alias].clone());
        tokio::try_join!(
            open(settings(&self.flow.source), deadline, waiting),
            open(settings(&self.flow.target), deadline, waiting),
        )
    }

    fn failed(&self, exit: Exit, problem: Problem) -> Ended {
        let problem = self.reporter.complete(problem);
        self.reporter.output().problem(&problem);
        self.observed.failed(self.flow.name.as_str(), problem.in_short());
        Ended::failed(exit, problem)
    }
}

/// Opens a cluster: in one try, or again and again until `deadline` where that may help.
pub(in crate::commands) async fn open(
    settings: Arc<ClusterSettings>,
    deadline: Option<Instant>,
    tell_waiting: impl Fn(&ConnectError),
) -> Result<Cluster, ConnectError> {
    let mut backoff = Backoff::default();
    let mut is_told = false;
    loop {
        let error = match Cluster::open(settings.clone()).await {
            Ok(cluster) => return Ok(cluster),
            Err(error) => error,
        };
        let pause = backoff.next_pause();
        let is_in_time = deadline.is_some_and(|deadline| Instant::now() + pause < deadline);
        if !is_in_time || error.cause.remedy() == Remedy::Fatal {
            return Err(error);
        }
        if !std::mem::replace(&mut is_told, true) {
            tell_waiting(&error);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Tells events in batches: what befalls many partitions at once is told once.
async fn tell_events(flow: String, mut events: mpsc::Receiver<Event>, reporter: Reporter) {
    let mut batch = Vec::new();
    while events.recv_many(&mut batch, EVENT_QUEUE_MAX).await > 0 {
        if batch.iter().any(Event::is_of_one_partition) {
            // A broker that goes away takes its partitions along within moments.
            tokio::time::sleep(EVENT_GATHER_TIME).await;
            while batch.len() < EVENT_QUEUE_MAX
                && let Ok(event) = events.try_recv()
            {
                batch.push(event);
            }
        }
        reporter.events(&flow, &batch);
        batch.clear();
    }
}

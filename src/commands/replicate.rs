//! `strait replicate`: open both clusters of each flow, copy, tell what happens, stop cleanly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::observe::Observed;
use super::{Context, flows, signals, tell};
use crate::config::settings::{FlowSettings, Settings};
use crate::engine::cell::PartitionCell;
use crate::engine::event::Event;
use crate::engine::partition::Phase;
use crate::engine::supervisor::{Flow, RunMode};
use crate::exit::Exit;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{ConnectError, Remedy};
use crate::kafka::retry::Backoff;
use crate::report::output::Output;
use crate::report::positions::FinalPosition;
use crate::report::problem::{Problem, Scope};
use crate::report::reporter::{Reporter, stop_problem};

/// Events that may wait for the printer.
const EVENT_QUEUE_MAX: usize = 1024;
/// How long to wait for more of the same before trouble of a partition is told.
const EVENT_GATHER_TIME: Duration = Duration::from_millis(100);

/// Copy topics: create what is missing at the target, then copy until told to stop
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait replicate                               every flow of strait.toml, until stopped
  strait replicate --flow us-eu --once           what is there now, then stop
  strait replicate --until-caught-up --timeout 2m
  strait replicate --metrics 127.0.0.1:9464      serve /metrics, /healthz and /readyz
  strait replicate --format json -q              events as JSON Lines

Ctrl-C or SIGTERM finishes what is in flight, keeps progress at the target and prints the
final positions. A second Ctrl-C ends at once; the next start finds its place again.

Exit codes:
  0    copied what was asked, and no partition was left behind
  1    could not start, or a partition was left behind
  2    usage or configuration error, found before any connection
  10   records are missing or endangered: a gap, a recreated or truncated topic, damage
  130  interrupted (Ctrl-C), 143 terminated (SIGTERM), after a clean stop")]
pub struct Args {
    /// Copy to the end offsets seen at the start, then stop
    #[arg(long)]
    pub once: bool,

    /// Stop when every partition has been at its end
    #[arg(long, conflicts_with = "once")]
    pub until_caught_up: bool,

    /// Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,

    /// How often progress is told where stderr is no terminal, and in JSON
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = positive_duration)]
    pub progress_interval: Duration,
}

impl Args {
    fn mode(&self) -> RunMode {
        match (self.once, self.until_caught_up) {
            (true, _) => RunMode::Once,
            (_, true) => RunMode::UntilCaughtUp,
            _ => RunMode::Continuous,
        }
    }
}

/// Reads a duration such as `10s` or `1m 30s`, above zero.
pub fn positive_duration(text: &str) -> Result<Duration, DurationError> {
    let duration = humantime::parse_duration(text).map_err(|_| DurationError::Unreadable)?;
    if duration.is_zero() { Err(DurationError::Zero) } else { Ok(duration) }
}

/// Says what is wrong with a duration on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a duration.
    #[error("write a number with a unit, such as 500ms, 10s, 5m or 1h30m")]
    Unreadable,
    /// Zero.
    #[error("it must be longer than zero")]
    Zero,
}

/// Holds how one flow ended.
struct Ended {
    exit: Exit,
    positions: Vec<FinalPosition>,
    problems: Vec<Problem>,
}

impl Ended {
    fn failed(exit: Exit, problem: Problem) -> Self {
        Self { exit, positions: Vec::new(), problems: vec![problem] }
    }
}

/// Reads the configuration and runs the flows.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let reporter = Reporter::new(context.output.clone());
    let (settings, flows) = match flows::selected(context) {
        Ok(found) => found,
        Err(refusal) => {
            match &refusal.drawing {
                Some(drawing) => {
                    context.output.words(drawing);
                    reporter.refused_in_words(Exit::Usage, &refusal.problems);
                }
                None => reporter.refused(Exit::Usage, &refusal.problems),
            }
            return Exit::Usage;
        }
    };
    let observed = Arc::new(Observed::new(flows.iter().map(|flow| flow.name.to_string())));
    if let Some(address) = args.metrics
        && let Err(problem) = serve(address, observed.clone()).await
    {
        reporter.refused(Exit::Failed, &[problem]);
        return Exit::Failed;
    }
    let started = Instant::now();
    let (stop_sender, stop) = watch::channel(false);
    let signal = tokio::spawn(signals::wait(stop_sender, reporter.clone()));
    let ends = args.mode() != RunMode::Continuous;
    let telling =
        tokio::spawn(tell::progress(observed.clone(), reporter.clone(), args.progress_interval, ends));
    let mut running = Vec::new();
    for flow in flows {
        tell_limits(&flow, &context.output);
        let run = FlowRun {
            settings: settings.clone(),
            flow,
            mode: args.mode(),
            timeout: context.timeout,
            stop: stop.clone(),
            reporter: reporter.clone(),
            observed: observed.clone(),
        };
        running.push(tokio::spawn(run.run()));
    }
    let ended = gather(running).await;
    telling.abort();
    let exit = match ended.exit {
        // The request to stop is seen by the flows before the task that made it has ended.
        Exit::Done if *stop.borrow() => signal.await.unwrap_or(Exit::Failed),
        other => other,
    };
    let elapsed = started.elapsed();
    let summaries: Vec<String> = tell::Rates::default()
        .told(&observed.look(), Instant::now(), false)
        .iter()
        .filter(|flow| flow.started)
        .map(|flow| flow.summary(elapsed))
        .collect();
    reporter.ended(exit, &ended.positions, &summaries, &ended.problems);
    exit
}

async fn serve(address: SocketAddr, observed: Arc<Observed>) -> Result<(), Problem> {
    let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
        Problem::new("metrics_address", Scope::Command, "metrics cannot be served")
            .place(address.to_string())
            .cause(error.to_string())
            .hint("another address with --metrics")
    })?;
    tokio::spawn(crate::obs::http::serve(listener, observed, std::future::pending()));
    Ok(())
}

async fn gather(running: Vec<JoinHandle<Ended>>) -> Ended {
    let mut all = Ended { exit: Exit::Done, positions: Vec::new(), problems: Vec::new() };
    for flow in running {
        let ended = flow.await.unwrap_or_else(|error| {
            let problem = Problem::new("defect", Scope::Command, "a flow ended by a defect of Strait")
                .cause(error.to_string())
                .hint("report it with what stands above; a new start goes on where it was");
            Ended::failed(Exit::Failed, problem)
        });
        all.exit = worse(all.exit, ended.exit);
        all.positions.extend(ended.positions);
        all.problems.extend(ended.problems);
    }
    all
}

/// Says what a configuration asks for and this version does not do yet (guarantee G11).
fn tell_limits(flow: &FlowSettings, output: &Output) {
    let name = &flow.name;
    if !flow.groups.is_empty() {
        output.warn(&format!("{name}: consumer groups are not carried over yet (groups = ...)"));
    }
}

/// Holds what one flow needs to run.
struct FlowRun {
    settings: Settings,
    flow: FlowSettings,
    mode: RunMode,
    timeout: Option<Duration>,
    stop: watch::Receiver<bool>,
    reporter: Reporter,
    observed: Arc<Observed>,
}

impl FlowRun {
    async fn run(mut self) -> Ended {
        let name = self.flow.name.clone();
        let opened = tokio::select! {
            opened = open_both(&self.settings, &self.flow, self.timeout) => opened,
            _ = self.stop.changed() => return Ended { exit: Exit::Done, positions: Vec::new(), problems: Vec::new() },
        };
        let clusters = match opened {
            Ok(clusters) => clusters,
            Err(error) => return self.failed(Exit::Failed, Problem::from(&error)),
        };
        if clusters.0.id() == clusters.1.id() {
            let what = format!("source and target of flow \"{name}\" are one cluster");
            let problem = Problem::new("one_cluster", Scope::Flow(name.to_string()), what)
                .place(format!("clusters {} and {}", self.flow.source, self.flow.target))
                .cause(format!("both report the id {}", clusters.0.id()))
                .hint("correct bootstrap_servers of one of them");
            return self.failed(Exit::Usage, problem);
        }
        let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
        let teller = tokio::spawn(tell_events(name.to_string(), receiver, self.reporter.clone()));
        let running = Flow::new(self.flow.clone(), self.mode, clusters, events);
        self.observed.started(name.as_str(), running.view());
        let outcome = running.run(self.stop.clone()).await;
        // The teller ends when the flow's sender is gone.
        let _ = teller.await;
        match outcome {
            Ok(cells) => finish(name.as_str(), &cells),
            Err(error) => self.failed(Exit::Failed, Problem::from(&error)),
        }
    }

    fn failed(&self, exit: Exit, problem: Problem) -> Ended {
        self.reporter.output().problem(&problem);
        Ended::failed(exit, problem)
    }
}

/// Opens both clusters: in one try, or again and again until `timeout` where that may help.
async fn open_both(
    settings: &Settings,
    flow: &FlowSettings,
    timeout: Option<Duration>,
) -> Result<(Cluster, Cluster), ConnectError> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let open = |alias| open_by(Arc::new(settings.clusters[alias].clone()), deadline);
    tokio::try_join!(open(&flow.source), open(&flow.target))
}

async fn open_by(
    settings: Arc<crate::config::settings::ClusterSettings>,
    deadline: Option<Instant>,
) -> Result<Cluster, ConnectError> {
    let mut backoff = Backoff::default();
    loop {
        let error = match Cluster::open(settings.clone()).await {
            Ok(cluster) => return Ok(cluster),
            Err(error) => error,
        };
        let pause = backoff.next_pause();
        let again = deadline.is_some_and(|deadline| Instant::now() + pause < deadline);
        if !again || error.cause.remedy() == Remedy::Fatal {
            return Err(error);
        }
        tracing::info!(%error, "cannot reach a cluster, trying again");
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

fn finish(flow: &str, cells: &[Arc<PartitionCell>]) -> Ended {
    let mut ended = Ended { exit: Exit::Done, positions: Vec::new(), problems: Vec::new() };
    let now = Instant::now();
    for cell in cells {
        let state = cell.lock();
        let copy = &state.partition;
        let scope = || Scope::Partition { flow: flow.to_owned(), partition: cell.source.to_string() };
        let trouble = copy.failing(now).map(|trouble| trouble.cause.clone());
        let (exit, word, problem) = match (copy.phase(), trouble) {
            (Phase::Stopped(cause), _) => {
                let exit = if cause.is_loss() { Exit::Bad } else { Exit::Failed };
                (exit, "stopped", Some(stop_problem(flow, &cell.source, cause)))
            }
            (Phase::Starting, _) => {
                let what = format!("{} was not started", cell.source);
                (Exit::Failed, "starting", Some(Problem::new("not_started", scope(), what)))
            }
            (_, Some(cause)) => {
                let what = format!("{} was failing when the run ended", cell.source);
                (Exit::Failed, "failing", Some(Problem::new("failing", scope(), what).cause(cause)))
            }
            (Phase::Finished, None) => (Exit::Done, "finished", None),
            (Phase::Copying, None) if copy.source_end().is_some_and(|end| copy.copied() >= end) => {
                (Exit::Done, "caught_up", None)
            }
            (Phase::Copying, None) => (Exit::Done, "copying", None),
        };
        ended.exit = worse(ended.exit, exit);
        ended.problems.extend(problem);
        let known = *copy.phase() != Phase::Starting && copy.producer().is_some();
        ended.positions.push(FinalPosition {
            flow: flow.to_owned(),
            topic: cell.source.topic.to_string(),
            partition: cell.source.partition,
            source_next: known.then(|| copy.copied().0),
            target_next: known.then(|| copy.target_next().0),
            records: copy.totals().records,
            bytes: copy.totals().bytes,
            passed_through: copy.totals().passed_through,
            reencoded: copy.totals().reencoded,
            state: word.to_owned(),
        });
    }
    ended
}

/// Returns the exit that says more: loss before failure before all others.
fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Bad => 3,
        Exit::Failed => 2,
        Exit::Usage => 1,
        _ => 0,
    };
    if rank(b) > rank(a) { b } else { a }
}

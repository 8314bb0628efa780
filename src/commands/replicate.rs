//! `strait replicate`: open both clusters of each flow, copy, tell what happens, stop cleanly.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::observe::Observed;
use crate::cli::{Common, ReplicateArgs};
use crate::config::settings::{FlowSettings, Settings};
use crate::config::{self, suggest};
use crate::engine::cell::PartitionCell;
use crate::engine::event::Event;
use crate::engine::partition::Phase;
use crate::engine::supervisor::{Flow, RunMode};
use crate::exit::Exit;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::ConnectError;
use crate::report::{Printer, Problem};

/// Events that may wait for the printer.
const EVENT_QUEUE_MAX: usize = 1024;

/// Reads the configuration and runs the flows.
pub fn main(common: &Common, args: &ReplicateArgs) -> Exit {
    let printer = Printer::new(common.format, common.quiet);
    let flows = match selected_flows(common, &printer) {
        Ok(found) => found,
        Err(words) => {
            printer.error_text(&words);
            return Exit::Usage;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(flows, args, printer)),
        Err(error) => {
            printer.error_text(&format!("error: the runtime cannot be started: {error}"));
            Exit::Failed
        }
    }
}

fn selected_flows(common: &Common, printer: &Printer) -> Result<(Settings, Vec<FlowSettings>), String> {
    let env = |name: &str| std::env::var(name).ok();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let path: PathBuf = match &common.config {
        Some(path) => path.clone(),
        None => std::env::current_dir()
            .ok()
            .and_then(|here| config::discover(&here, &env, home.as_deref()))
            .ok_or("error: no strait.toml here or above\n  try:   name one with --config FILE")?,
    };
    let loaded = config::load(&path, &env).map_err(|failure| failure.render(false, 80))?;
    for warning in &loaded.warnings {
        printer.warn(&warning.to_string());
    }
    let settings = loaded.settings;
    let mut flows = Vec::new();
    for name in &common.flows {
        match settings.flows.get(name.as_str()) {
            Some(flow) => flows.push(flow.clone()),
            None => {
                let known: Vec<&str> = settings.flows.keys().map(|flow| flow.as_str()).collect();
                let meant = suggest::nearest(name, known.iter().copied())
                    .map(|m| format!("; did you mean \"{m}\"?"))
                    .unwrap_or_default();
                let file = path.display();
                return Err(format!(
                    "error: no flow is called \"{name}\"{meant}\n  where: {file}\n  try:   --flow {}",
                    known.join(" or --flow ")
                ));
            }
        }
    }
    if flows.is_empty() {
        flows = settings.flows.values().cloned().collect();
    }
    Ok((settings, flows))
}

async fn run(
    (settings, flows): (Settings, Vec<FlowSettings>),
    args: &ReplicateArgs,
    printer: Printer,
) -> Exit {
    let mode = match (args.once, args.until_caught_up) {
        (true, _) => RunMode::Once,
        (_, true) => RunMode::UntilCaughtUp,
        _ => RunMode::Continuous,
    };
    let (stop_sender, stop) = watch::channel(false);
    let signal = tokio::spawn(wait_for_signal(stop_sender, printer.clone()));
    let observed = Arc::new(Observed::new(flows.len()));
    if let Some(address) = args.metrics {
        match tokio::net::TcpListener::bind(address).await {
            Ok(listener) => {
                let serving = crate::obs::http::serve(listener, observed.clone(), std::future::pending());
                tokio::spawn(serving);
            }
            Err(error) => {
                printer.error_text(&format!(
                    "error: metrics cannot be served\n  where: {address}\n  cause: {error}\n  try:   another address with --metrics"
                ));
                return Exit::Failed;
            }
        }
    }
    let mut running = Vec::new();
    for flow in flows {
        tell_limits(&flow, &printer);
        running.push(tokio::spawn(run_flow(
            settings.clone(),
            flow,
            (mode, args.progress_interval),
            stop.clone(),
            (printer.clone(), observed.clone()),
        )));
    }
    let mut exit = Exit::Done;
    for flow in running {
        exit = worse(exit, flow.await.unwrap_or(Exit::Failed));
    }
    // The request to stop is seen by the flows before the task that made it has ended.
    if exit == Exit::Done && *stop.borrow() {
        return signal.await.unwrap_or(Exit::Failed);
    }
    exit
}

/// Says what a configuration asks for and this version does not do yet (guarantee G11).
fn tell_limits(flow: &FlowSettings, printer: &Printer) {
    let name = &flow.name;
    if !flow.groups.is_empty() {
        printer.warn(&format!("{name}: consumer groups are not carried over yet (groups = ...)"));
    }
}

async fn run_flow(
    settings: Settings,
    flow: FlowSettings,
    mode: (RunMode, Duration),
    stop: watch::Receiver<bool>,
    (printer, observed): (Printer, Arc<Observed>),
) -> Exit {
    let name = flow.name.clone();
    let clusters = match open_both(&settings, &flow).await {
        Ok(clusters) => clusters,
        Err(error) => {
            printer.problem(name.as_str(), &Problem::from(&error));
            return Exit::Failed;
        }
    };
    if clusters.0.id() == clusters.1.id() {
        let id = clusters.0.id();
        printer.error_text(&format!(
            "error: source and target of flow \"{name}\" are one cluster\n  cause: both report the id {id}\n  try:   correct bootstrap_servers of one of them"
        ));
        return Exit::Usage;
    }
    let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
    let teller = tokio::spawn(tell(name.to_string(), receiver, printer.clone()));
    let running = Flow::new(flow, mode, clusters, events);
    observed.add(name.to_string(), running.view());
    let outcome = running.run(stop).await;
    // The teller ends when the flow's sender is gone.
    let _ = teller.await;
    match outcome {
        Ok(cells) => finish(name.as_str(), &cells, &printer),
        Err(error) => {
            printer.problem(name.as_str(), &Problem::from(&error));
            Exit::Failed
        }
    }
}

async fn open_both(settings: &Settings, flow: &FlowSettings) -> Result<(Cluster, Cluster), ConnectError> {
    let open = |alias| Cluster::open(Arc::new(settings.clusters[alias].clone()));
    tokio::try_join!(open(&flow.source), open(&flow.target))
}

async fn tell(flow: String, mut events: mpsc::Receiver<Event>, printer: Printer) {
    while let Some(event) = events.recv().await {
        printer.event(&flow, &event);
    }
}

fn finish(flow: &str, cells: &[Arc<PartitionCell>], printer: &Printer) -> Exit {
    let mut exit = Exit::Done;
    for cell in cells {
        let state = cell.lock();
        let partition = &state.partition;
        exit = worse(
            exit,
            match partition.phase() {
                Phase::Stopped(cause) if cause.is_loss() => Exit::Bad,
                Phase::Stopped(_) | Phase::Starting => Exit::Failed,
                _ if partition.failing(std::time::Instant::now()).is_some() => Exit::Failed,
                _ => Exit::Done,
            },
        );
    }
    printer.positions(flow, cells);
    exit
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

/// Waits for Ctrl-C or SIGTERM and asks for a clean stop; a second one ends the process at once.
async fn wait_for_signal(stop: watch::Sender<bool>, printer: Printer) -> Exit {
    let exit = next_signal().await;
    printer.warn("stopping: finishing what is in flight; once more to stop at once");
    // Flows that ended already need no telling.
    let _ = stop.send(true);
    tokio::spawn(async move {
        next_signal().await;
        end_at_once(exit);
    });
    exit
}

#[expect(clippy::disallowed_methods, reason = "the second signal asks for exactly this: no drain, no flush")]
fn end_at_once(exit: Exit) {
    std::process::exit(i32::from(exit.code()));
}

async fn next_signal() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    }
}

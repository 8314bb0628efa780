//! `strait replicate`: open both clusters of each flow, copy, tell what happens, stop cleanly.

mod ended;
pub(in crate::commands) mod flow;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::ended::Ended;
use self::flow::FlowRun;
use super::observe::Observed;
use super::{Context, flows, signals, tell};
use crate::config::settings::FlowSettings;
use crate::engine::supervisor::RunMode;
use crate::exit::Exit;
use crate::report::output::Output;
use crate::report::problem::{Problem, Scope};
use crate::report::reporter::Reporter;
use crate::report::rights::Principals;

/// Copy topics: create what is missing at the target, then copy until told to stop
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait replicate                               every flow of strait.toml, until stopped
  strait replicate --flow us-eu --once           what is there now, then stop
  strait replicate --until-caught-up --timeout 2m
  strait replicate --share                       one of several processes that share the work
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

    /// Share the partitions with other processes that run the same flows with --share
    #[arg(long, conflicts_with_all = ["once", "until_caught_up"])]
    pub share: bool,

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
    reporter.learn(Principals::new(&settings));
    if let Some(problem) = share_conflict(args, &flows) {
        reporter.refused(Exit::Usage, &[problem]);
        return Exit::Usage;
    }
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
    for mut flow in flows {
        flow.is_shared |= args.share;
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
    let ended = gather(running, &context.output).await;
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

/// Refuses to end by itself where flows are shared: no process knows when the others are done.
fn share_conflict(args: &Args, flows: &[FlowSettings]) -> Option<Problem> {
    let shared = flows.iter().find(|flow| flow.is_shared)?;
    let ends = match args.mode() {
        RunMode::Continuous => return None,
        RunMode::Once => "--once",
        RunMode::UntilCaughtUp => "--until-caught-up",
    };
    let what = format!("{ends} does not go with a flow that is shared");
    Some(
        Problem::new("share_ends", Scope::Flow(shared.name.to_string()), what)
            .cause(format!(
                "flows.{}.share = true: a process knows only of its own partitions' ends",
                shared.name
            ))
            .hint(format!("run without {ends}, or take share = true out")),
    )
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

async fn gather(running: Vec<JoinHandle<Ended>>, output: &Output) -> Ended {
    let mut all = Ended::default();
    for flow in running {
        let ended = flow.await.unwrap_or_else(|error| {
            let problem = Problem::new("defect", Scope::Command, "a flow ended by a defect of Strait")
                .cause(error.to_string())
                .hint("report it with what stands above; a new start goes on where it was");
            output.problem(&problem);
            Ended::failed(Exit::Failed, problem)
        });
        all.add(ended);
    }
    all
}

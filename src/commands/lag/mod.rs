//! `strait lag`: how far flows are behind, from what the clusters know.

mod emit;
mod look;
mod textfile;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::emit::Emitter;
use self::look::{Look, Looker};
use super::replicate::positive_duration;
use super::{Context, flows, signals};
use crate::config::patterns::{Pattern, PatternFault};
use crate::exit::Exit;
use crate::lag::limits::{Limits, Metric, Range};
use crate::lag::over::Condition;
use crate::report::lag_rows::{By, Sort};
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};

/// The formats of this command.
pub const FORMATS: &[Format] =
    &[Format::Text, Format::Json, Format::Junit, Format::Tsv, Format::Prometheus, Format::Nagios];
/// How long a look may take where a monitoring system waits for it and no --timeout is given.
const PLUGIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Print how far flows are behind, by records and by seconds; nothing is run or changed
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait lag                                     the worst partitions of every flow
  strait lag --by topic --sort records           a row for each topic
  strait lag -w 60 -c 300 -q                     silent unless more than a minute behind
  strait lag --over 'seconds>60 and records>1000'
  strait lag --wait-below 1 --metric records --timeout 5m
  strait lag --watch --interval 2s
  strait lag --textfile /var/lib/node_exporter/strait.prom -q
  strait lag --format nagios -w 60 -c 300        one line, exit 0, 1, 2 or 3

A RANGE is as monitoring plugins write it: 60 (alert outside 0 to 60), 10:, ~:10, 10:20, @10:20
(alert inside). ~ before an age: producers set the time, or compaction may have moved it.
Status: OK, WARN (over a limit), UNKNOWN, STALL (records wait, nothing is copied), STOP (the flow
stopped there), REWIND (not the log that was copied), GAP (records are gone before they were copied).

Formats: text, json, tsv, prometheus, junit and nagios.

Exit codes:
  0    read; within all limits, and no partition in trouble
  1    no flow could be read
  2    usage or configuration error, found before any connection
  10   over a limit, or a partition in STALL, STOP, REWIND or GAP
  11   something is not known, and nothing known is bad
With --format nagios: 0 OK, 1 WARNING, 2 CRITICAL (also where a cluster cannot be reached),
3 UNKNOWN (also a usage error)")]
pub struct Args {
    /// Only these source topics: a name, a glob, or re: and a regular expression
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    topic: Vec<Pattern>,

    /// Only these consumer groups: a name, a glob, or re: and a regular expression
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    group: Vec<Pattern>,

    /// What has a row [default: partition; group with --group]
    #[arg(long)]
    by: Option<By>,

    /// What comes first
    #[arg(long, default_value = "worst")]
    sort: Sort,

    /// Show every row, not only the first 20
    #[arg(long)]
    all: bool,

    /// Warn where this holds, such as 'seconds>60 and records>1000'
    #[arg(long, value_name = "EXPR")]
    over: Option<Condition>,

    /// Warn outside this range
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    warning: Option<Range>,

    /// Alert outside this range
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    critical: Option<Range>,

    /// What --warning, --critical and --wait-below are on
    #[arg(long, default_value = "seconds")]
    metric: Metric,

    /// Write metrics to this file too, for node_exporter; its name ends in .prom
    #[arg(long, value_name = "FILE", value_parser = textfile::path)]
    textfile: Option<PathBuf>,

    /// Look this often, and tell the trend from the first look to the last
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,

    /// Time between looks
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = positive_duration)]
    interval: Duration,

    /// Look again and again until stopped; drawn in place on a terminal
    #[arg(long, conflicts_with_all = ["samples", "wait_below"])]
    watch: bool,

    /// Wait until every partition is below this, for as long as --timeout
    #[arg(long, value_name = "N", conflicts_with = "samples", requires = "timeout")]
    wait_below: Option<f64>,
}

fn pattern(text: &str) -> Result<Pattern, PatternFault> {
    Pattern::parse(text)
}

impl Args {
    fn limits(&self) -> Limits {
        Limits {
            metric: self.metric,
            warning: self.warning.clone(),
            critical: self.critical.clone(),
            over: self.over.clone(),
        }
    }

    fn by(&self) -> By {
        self.by.unwrap_or(if self.group.is_empty() { By::Partition } else { By::Group })
    }

    /// Says what does not go together.
    fn conflict(&self, format: Format) -> Option<Problem> {
        let problem = |what: &str| Problem::new("usage", Scope::Command, what);
        if self.wait_below.is_some_and(|below| below <= 0.0 || !below.is_finite()) {
            let told = problem("--wait-below takes a number above 0");
            return Some(told.cause("lag is never below 0").hint("--wait-below 1 waits for lag below 1"));
        }
        if self.wait_below.is_some() && format == Format::Nagios {
            let told = problem("--wait-below does not go with --format nagios");
            return Some(told.cause("a monitoring system does not wait").hint("take -w and -c"));
        }
        if self.watch && ![Format::Text, Format::Json, Format::Tsv].contains(&format) {
            let told = problem("--watch goes with --format text, json and tsv");
            return Some(told.cause("the other formats are one document").hint("leave --watch out"));
        }
        None
    }
}

/// Reads the configuration, looks at the flows, and prints what was seen.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let textfile = args.textfile.as_deref();
    let output = &context.output;
    let emitter = Emitter { output, by: args.by(), sort: args.sort, is_all: args.all, textfile };
    if let Some(problem) = args.conflict(output.format()) {
        return emitter.refuse(None, &[problem]);
    }
    let found = match flows::selected(context) {
        Ok(found) => found,
        Err(refusal) => return emitter.refuse(refusal.drawing.as_deref(), &refusal.problems),
    };
    let picks = (args.topic.clone(), args.group.clone());
    let mut looker = Looker::new(found, picks, args.limits(), context.timeout);
    let looking = async {
        match args.wait_below {
            Some(below) => wait_below(args, below, &emitter, &mut looker).await,
            None if args.watch => watch(args, &emitter, &mut looker).await,
            None => sample(args, &emitter, &mut looker).await,
        }
    };
    let limit = async {
        if output.format() != Format::Nagios {
            return std::future::pending().await;
        }
        let limit = context.timeout.unwrap_or(PLUGIN_TIMEOUT);
        tokio::time::sleep(limit).await;
        limit
    };
    tokio::select! {
        exit = looking => exit,
        exit = signals::next() => exit,
        limit = limit => emitter.too_late(limit),
    }
}

/// Looks as often as was asked and prints the last look.
async fn sample(args: &Args, emitter: &Emitter<'_>, looker: &mut Looker) -> Exit {
    let mut ticks = tokio::time::interval(args.interval);
    let mut look = Look::default();
    for _ in 0..args.samples {
        ticks.tick().await;
        look = looker.look(false).await;
    }
    emitter.emit(&look, &looker.limits)
}

/// Looks and prints until a signal comes.
async fn watch(args: &Args, emitter: &Emitter<'_>, looker: &mut Looker) -> Exit {
    let mut ticks = tokio::time::interval(args.interval);
    loop {
        ticks.tick().await;
        let look = looker.look(true).await;
        let exit = emitter.emit_again(&look, &looker.limits);
        if emitter.output.is_closed() {
            return exit;
        }
    }
}

/// Looks until all is known and below, or the time is over; prints the last look.
async fn wait_below(args: &Args, below: f64, emitter: &Emitter<'_>, looker: &mut Looker) -> Exit {
    let deadline = Instant::now() + looker.timeout.unwrap_or_default();
    let mut ticks = tokio::time::interval(args.interval);
    loop {
        ticks.tick().await;
        let look = looker.look(true).await;
        let is_below = look.lag.is_all_below(args.metric, below);
        if is_below {
            return emitter.emit(&look, &looker.limits);
        }
        if Instant::now() + args.interval > deadline {
            return emitter.emit_too_late(&look, &looker.limits, (below, args.metric));
        }
    }
}

//! `strait verify`: the copy held against the source, record by record; nothing is changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use globset::{Glob, GlobMatcher};
use tokio::sync::{mpsc, watch};

use super::hidden::hidden;
use super::replicate::flow::open;
use super::{Context, flows, signals};
use crate::config::settings::{FlowSettings, Settings};
use crate::config::units::parse_timestamp_ms;
use crate::exit::Exit;
use crate::report::document::Document;
use crate::report::gauge::Gauge;
use crate::report::human;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::report::verified::{FlowVerified, SCHEMA, Verified, faults_table, topics_table};
use crate::report::verified_junit;
use crate::types::TopicName;
use crate::verify::finding::{Finding, Kind, Tally};
use crate::verify::gather::{Gathered, Wanted, gather};
use crate::verify::kept::{Kept, KeptError, Subject};
use crate::verify::plan::{Facts, Sample};
use crate::verify::run::{Job, Outcome, compare, jobs};
use crate::verify::scan::Progress;

/// The formats it has.
pub const FORMATS: &[Format] = &[Format::Text, Format::Json, Format::Junit];
/// How often the bar is drawn.
const DRAW_INTERVAL: Duration = Duration::from_millis(200);
/// Pieces whose outcome waits to be taken in.
const OUTCOMES_MAX: usize = 64;
/// How long the source is asked for topics it does not list.
const HIDDEN_PATIENCE: Duration = Duration::from_secs(10);

/// Compare the copy with the source, record by record; nothing is changed
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait verify                              every flow, whole
  strait verify --flow us-eu --since 2h      what was written in the last two hours
  strait verify --sample 5                   one range in twenty, chosen at random
  strait verify --resume verify.json         goes on where an interrupted run was
  strait verify --complete                   what is not copied yet counts as missing
  strait verify --format junit > verify.xml  a test case for each partition, for CI

A replicator may go on meanwhile: what is not copied yet is BEHIND, not missing. MOVED are
records out of order, MAP are offsets that the offset map translates wrongly. What compaction
or retention took at one end is no fault.

Exit codes:
  0    the same
  1    a cluster could not be reached
  2    usage or configuration error, found before any connection
  10   a record is missing, doubled, extra, changed, out of order or translated wrongly
  11   no fault, but some partitions or ranges could not be read
  130  interrupted (Ctrl-C), 143 terminated (SIGTERM)")]
pub struct Args {
    /// Only source topics of this pattern; repeatable
    #[arg(long = "topic", value_name = "GLOB")]
    topics: Vec<Glob>,

    /// Only records not older than this: a duration such as 2h, or a time such as 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,

    /// Compare this share of the ranges only, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    sample: Option<f64>,

    /// Decides which ranges are the sample [default: another one each time]
    #[arg(long, value_name = "NUMBER", requires = "sample")]
    seed: Option<u64>,

    /// Keep finished ranges in this file, and go on from it
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,

    /// What is not copied yet is missing
    #[arg(long)]
    complete: bool,
}

/// A moment, or how long ago it was.
#[derive(Clone, Copy, Debug)]
enum Since {
    Ago(Duration),
    AtMs(i64),
}

impl Since {
    fn ms(self) -> i64 {
        match self {
            Since::AtMs(ms) => ms,
            Since::Ago(ago) => {
                let then = SystemTime::now().checked_sub(ago).unwrap_or(UNIX_EPOCH);
                let since_epoch = then.duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
            }
        }
    }
}

/// Says what is wrong with an argument.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum ArgumentError {
    #[error("write a duration such as 2h or 30m, or a time such as 2026-01-31T00:00:00Z")]
    Since,
    #[error("write a number above 0 and up to 100")]
    Percent,
}

fn since(text: &str) -> Result<Since, ArgumentError> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(Since::Ago(ago));
    }
    parse_timestamp_ms(text).map(Since::AtMs).map_err(|_| ArgumentError::Since)
}

fn percent(text: &str) -> Result<f64, ArgumentError> {
    let number: f64 = text.trim_end_matches('%').trim().parse().map_err(|_| ArgumentError::Percent)?;
    if number > 0.0 && number <= 100.0 { Ok(number) } else { Err(ArgumentError::Percent) }
}

/// Compares the flows and prints what was found.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let (settings, flows) = match flows::selected(context) {
        Ok(found) => found,
        Err(refusal) => return refuse(context, refusal),
    };
    let kept = match Kept::open(args.resume.as_deref()) {
        Ok(kept) => kept,
        Err(error) => return refuse(context, kept_problem(&error).into()),
    };
    let (stop_sender, stop) = watch::channel(false);
    let signal = tokio::spawn(async move {
        let exit = signals::next().await;
        // Whoever is done already needs no telling.
        let _ = stop_sender.send(true);
        exit
    });
    let mut found = Found { kept, ..Found::default() };
    for flow in &flows {
        if *stop.borrow() {
            break;
        }
        let session = Session { args, context, settings: &settings, flow, stop: stop.clone() };
        let verified = tokio::select! {
            verified = session.verify(&mut found) => verified,
            () = stopped(stop.clone()) => Ok(()),
        };
        if let Err(problem) = verified {
            found.problems.push((Exit::Failed, *problem));
        }
    }
    let interrupted = if *stop.borrow() { Some(signal.await.unwrap_or(Exit::Interrupted)) } else { None };
    found.print(args, context, interrupted)
}

/// Waits until it was asked to stop and what runs had a moment to notice.
async fn stopped(mut stop: watch::Receiver<bool>) {
    const NOTICED_WITHIN: Duration = Duration::from_secs(2);
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(NOTICED_WITHIN).await;
}

fn refuse(context: &Context, refusal: flows::Refusal) -> Exit {
    match &refusal.drawing {
        Some(drawing) => context.output.words(drawing),
        None => refusal.problems.iter().for_each(|problem| context.output.problem(problem)),
    }
    if context.output.format() == Format::Json {
        Document::<()>::failed(SCHEMA, Exit::Usage, &refusal.problems).print(&context.output);
    }
    Exit::Usage
}

fn kept_problem(error: &KeptError) -> Problem {
    let hint = match error {
        KeptError::Io { .. } => "name a file that can be read and written with --resume",
        KeptError::Foreign { .. } => {
            "name the file of an earlier verify with --resume, or one that is not there yet"
        }
    };
    Problem::new("resume_file", Scope::Command, "progress cannot be kept").cause(error.to_string()).hint(hint)
}

/// One flow's comparison.
struct Session<'a> {
    args: &'a Args,
    context: &'a Context,
    settings: &'a Settings,
    flow: &'a FlowSettings,
    stop: watch::Receiver<bool>,
}

impl Session<'_> {
    async fn verify(&self, found: &mut Found) -> Result<(), Box<Problem>> {
        let started = Instant::now();
        let deadline = self.context.timeout.map(|timeout| started + timeout);
        let settings = |alias| Arc::new(self.settings.clusters[alias].clone());
        let (source, target) = tokio::try_join!(
            open(settings(&self.flow.source), deadline, |_| {}),
            open(settings(&self.flow.target), deadline, |_| {}),
        )
        .map_err(|error| Problem::from(&error))?;
        let patterns: Vec<GlobMatcher> = self.args.topics.iter().map(Glob::compile_matcher).collect();
        let is_wanted = |topic: &TopicName| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(topic.as_str()))
        };
        let since_ms = self.args.since.map(Since::ms);
        let hidden = hidden(&source, self.flow, &is_wanted, HIDDEN_PATIENCE).await;
        found.problems.extend(hidden.into_iter().map(|problem| (Exit::Inconclusive, problem)));
        let wanted = Wanted { flow: self.flow, is_wanted: &is_wanted, since_ms };
        let gathered = gather(source, target, wanted).await.map_err(|error| Problem::from(&error))?;
        if !gathered.has_state && !gathered.facts.is_empty() {
            let words = "it kept no state at the target: every record there counts as its copy";
            self.context.output.warn(&format!("flow \"{}\": {words}", self.flow.name));
        }
        let seed = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.args.seed.unwrap_or(now.as_secs())
        };
        let sample = self.args.sample.map(|percent| Sample { share: percent / 100.0, seed: seed() });
        let cut = jobs(&gathered, sample).await.map_err(|error| {
            let what = format!("flow \"{}\" cannot be compared", self.flow.name);
            Problem::new("unreadable", Scope::Flow(self.flow.name.to_string()), what).cause(error.to_string())
        })?;
        let mut verified = FlowVerified {
            flow: self.flow.name.to_string(),
            sample: sample.map(|sample| sample.share),
            ..FlowVerified::default()
        };
        for (partition, why) in &gathered.unreadable {
            found.unread(self.flow, &partition.to_string(), why);
        }
        self.compare_all(Arc::new(gathered), cut, found, &mut verified).await;
        verified.elapsed = started.elapsed();
        found.flows.push(verified);
        Ok(())
    }

    async fn compare_all(
        &self,
        gathered: Arc<Gathered>,
        cut: Vec<Job>,
        found: &mut Found,
        verified: &mut FlowVerified,
    ) {
        let offsets = |job: &Job| (job.piece.source.end - job.piece.source.start).max(0).unsigned_abs();
        let total: u64 = cut.iter().map(offsets).sum();
        let progress = Arc::new(Progress::default());
        let mut open = Vec::new();
        for job in cut {
            let subject = self.subject(&gathered, &gathered.facts[job.index]);
            match found.kept.find(&subject, &job.piece) {
                Some(known) => {
                    progress.offsets.fetch_add(offsets(&job), Ordering::Relaxed);
                    self.take(&gathered.facts[job.index], &job, known, verified);
                }
                None => open.push(job),
            }
        }
        let mut left = open.len();
        let (sender, mut done) = mpsc::channel(OUTCOMES_MAX);
        let memory = self.flow.limits.memory_bytes;
        tokio::spawn(compare(gathered.clone(), open, memory, progress.clone(), self.stop.clone(), sender));
        let gauge = Gauge::new(&self.context.output, self.flow.name.as_str(), total);
        let mut tick = tokio::time::interval(DRAW_INTERVAL);
        loop {
            let outcome = tokio::select! {
                outcome = done.recv() => outcome,
                _ = tick.tick() => {
                    let read = human::bytes(human::real(progress.bytes.load(Ordering::Relaxed)));
                    let faults = verified.tally().faults();
                    gauge.set(progress.offsets.load(Ordering::Relaxed), format!("{read} read, {faults} faults"));
                    continue;
                }
            };
            let Some(Outcome { job, found: outcome }) = outcome else { break };
            left -= 1;
            let facts = &gathered.facts[job.index];
            match outcome {
                Ok(outcome) => {
                    let subject = self.subject(&gathered, facts);
                    if let Err(error) = found.kept.keep(&subject, &job.piece, outcome.clone()) {
                        found.problems.push((Exit::Failed, kept_problem(&error)));
                    }
                    self.take(facts, &job, outcome, verified);
                }
                Err(error) => {
                    let place = (facts.source.topic.to_string(), facts.source.partition);
                    let partition = verified.partitions.entry(place.clone()).or_default();
                    (partition.topic, partition.partition) = place;
                    partition.ranges_unread += 1;
                    found.unread(self.flow, &facts.source.to_string(), &error.to_string());
                }
            }
        }
        gauge.clear();
        if left > 0 && !*self.stop.borrow() {
            found.unread(self.flow, "the flow", &format!("{left} ranges ended by a defect of Strait"));
        }
    }

    fn subject<'a>(&'a self, gathered: &Gathered, facts: &'a Facts) -> Subject<'a> {
        let id = |metadata: &crate::kafka::metadata::Metadata, topic| {
            metadata.topics.get(topic).and_then(|t| t.id)
        };
        Subject {
            flow: &self.flow.name,
            partition: &facts.source,
            source_topic_id: id(&gathered.ends.at_source, &facts.source.topic),
            target_topic_id: id(&gathered.ends.at_target, &facts.target.topic),
        }
    }

    /// Adds a range to what is known of its partition.
    fn take(&self, facts: &Facts, job: &Job, found: (Tally, Vec<Finding>), verified: &mut FlowVerified) {
        let (mut tally, mut findings) = found;
        if self.args.complete && tally.behind > 0 {
            // One finding stands for the rest of the log: nothing of it is there.
            findings.push(Finding { kind: Kind::Missing, source: tally.behind_from, target: None });
            tally.count(Kind::Missing, tally.behind);
            tally.behind = 0;
        }
        let place = (facts.source.topic.to_string(), facts.source.partition);
        let partition = verified.partitions.entry(place.clone()).or_default();
        (partition.topic, partition.partition) = place;
        let piece = &job.piece.source;
        let span = partition.span.unwrap_or((piece.start, piece.end));
        partition.span = Some((span.0.min(piece.start), span.1.max(piece.end)));
        partition.ranges += 1;
        partition.tally += tally;
        partition.findings.extend(findings);
        partition.findings.sort_by_key(|finding| (finding.source, finding.target));
    }
}

/// Gathers what is to be printed.
#[derive(Default)]
struct Found {
    kept: Kept,
    flows: Vec<FlowVerified>,
    problems: Vec<(Exit, Problem)>,
}

impl Found {
    fn unread(&mut self, flow: &FlowSettings, partition: &str, why: &str) {
        let scope = Scope::Partition { flow: flow.name.to_string(), partition: partition.to_owned() };
        let problem = Problem::new("unreadable", scope, format!("{partition} could not be compared"));
        let hint = match why.contains("AUTHORIZATION_FAILED") {
            true => "grant this user Read and DescribeConfigs on the topic",
            false => "run it again",
        };
        self.problems.push((Exit::Inconclusive, problem.cause(why.to_owned()).hint(hint)));
    }

    fn exit(&self, interrupted: Option<Exit>) -> Exit {
        let any = |exit| self.problems.iter().any(|(found, _)| *found == exit);
        if self.flows.iter().any(|flow| flow.tally().faults() > 0) {
            return Exit::Bad;
        }
        match () {
            () if any(Exit::Failed) => Exit::Failed,
            () if interrupted.is_some() => interrupted.unwrap_or_default(),
            () if any(Exit::Inconclusive) => Exit::Inconclusive,
            () => Exit::Done,
        }
    }

    fn print(self, args: &Args, context: &Context, interrupted: Option<Exit>) -> Exit {
        let exit = self.exit(interrupted);
        let output = &context.output;
        self.problems.iter().for_each(|(_, problem)| output.problem(problem));
        if output.format() == Format::Junit {
            let problems: Vec<&Problem> = self.problems.iter().map(|(_, problem)| problem).collect();
            output.data(&verified_junit::render(&self.flows, &problems));
            return exit;
        }
        if output.format() == Format::Json {
            Document {
                schema: SCHEMA,
                status: exit.status(),
                exit_code: exit.code(),
                errors: self.problems.iter().map(|(_, problem)| problem.to_json()).collect(),
                data: (!self.flows.is_empty()).then(|| Verified::from(self.flows)),
            }
            .print(output);
            return exit;
        }
        if self.flows.iter().any(|flow| !flow.partitions.is_empty()) {
            output.data(&topics_table(&self.flows));
        }
        if let Some(faults) = faults_table(&self.flows) {
            output.data("");
            output.data(&faults);
        }
        self.flows.iter().for_each(|flow| output.say(&flow.summary()));
        if interrupted.is_some() {
            let hint = match &args.resume {
                Some(path) => format!("go on with --resume {}", path.display()),
                None => "with --resume FILE the next run goes on from here".to_owned(),
            };
            output.say(&format!("interrupted: not all was compared; {hint}"));
        }
        exit
    }
}

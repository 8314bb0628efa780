//! The story: provision, copy, lag, cut, move, go on, account.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::super::{observe::Observed, tell};
use super::regions::{BROKERS, NAMES, Regions, SLOWNESS};
use super::{Args, DemoError};
use crate::drill::application::Application;
use crate::drill::evidence::{Announced, Evidence, Leg, Log, Region, Switch};
use crate::drill::ledger::Ledger;
use crate::drill::link::{Link, resumes_at};
use crate::drill::log;
use crate::drill::oracle::judge;
use crate::drill::verdict::{Ceilings, Judged, Verdict};
use crate::drill::workload::{Place, Work};
use crate::engine::event::Event;
use crate::kafka::cluster::Cluster;
use crate::kafka::librdkafka::client_config;
use crate::report::drill::outcome::DrillOutcome;
use crate::report::drill::switch_tables::{lag_table, switch_table};
use crate::report::output::{Format, Output};
use crate::report::reporter::Reporter;

/// The topic.
pub(super) const TOPIC: &str = "orders";
/// The consumer group.
pub(super) const GROUP: &str = "billing";
/// Bytes of each record's value.
const RECORD_BYTES: usize = 200;
/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a condition is looked at that nobody tells.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// How often progress is told where it cannot be drawn over itself.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);
/// How long the application works on while reads are slow.
const SLOW_TIME: Duration = Duration::from_secs(1);
/// Events that may wait to be told.
const EVENT_QUEUE_MAX: usize = 256;

/// Holds what the story needs.
pub(super) struct Story {
    args: Args,
    output: Output,
    reporter: Reporter,
    work: Arc<Work>,
    ledger: Arc<Ledger>,
}

/// Holds how it ended.
pub(super) struct Ended {
    pub(super) verdict: Verdict,
    pub(super) outcome: DrillOutcome,
    pub(super) regions: Regions,
    pub(super) topic: &'static str,
}

impl Story {
    pub(super) fn new(args: Args, output: Output) -> Self {
        let work = Arc::new(Work {
            topic: TOPIC.to_owned(),
            partitions: args.partitions,
            group: GROUP.to_owned(),
            rate: args.rate,
            size: RECORD_BYTES,
            transactional_id: None,
            keys: None,
        });
        Self { args, reporter: Reporter::new(output.clone()), output, work, ledger: Arc::default() }
    }

    /// Plays it from its beginning to its end.
    pub(super) async fn play(self) -> Result<Ended, DemoError> {
        let [us, eu] = NAMES;
        let regions = Regions::start(TOPIC, self.args.partitions, GROUP).await?;
        regions.age(TOPIC, self.args.partitions).await?;
        self.say(&format!(
            "Regions {us} and {eu} are up: {BROKERS} brokers each, in memory, on this machine."
        ));
        let place = |leg, name: &str| Place { leg, client: client_config(&regions.settings.clusters[name]) };
        let (source, target) = (place(Leg::Home, us), place(Leg::Away, eu));
        let at_target = regions.open_target().await?;
        let link = self.provision(&regions, &target).await?;
        let mut application = Application::start(&self.work, &source, &self.ledger);
        self.say(&format!(
            "An application writes {} orders a second in {us}; group {GROUP} bills them.",
            self.args.rate
        ));
        self.watch(&regions, &link, &at_target).await?;
        let switched = self.switch(&regions, &mut application, link, &at_target).await?;
        let (torn, went_on) = tokio::join!(application.tear_away(), self.go_on(&target, switched.1.began));
        torn?;
        went_on?;
        let (announced, switch) = switched;
        let (sent, processed, commits) = self.ledger.read();
        let logs = [(Region::Target, self.log(&target).await?)].into();
        let switches = [(Leg::Away, switch)].into();
        let evidence =
            Evidence { sent, processed, commits, switches, announced, logs, ..Evidence::default() };
        let findings = judge(&evidence);
        let judged = Judged::of(&findings, &Ceilings::default());
        let outcome = DrillOutcome::new(&findings, &judged, &evidence.switches);
        Ok(Ended { verdict: judged.verdict(), outcome, regions, topic: TOPIC })
    }

    /// Starts to copy, and holds the topic made at the target against what was asked for.
    async fn provision(&self, regions: &Regions, target: &Place) -> Result<Link, DemoError> {
        let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
        tokio::spawn(tell_events(receiver, self.reporter.clone()));
        let link = Link::start(regions.flow().clone(), regions.settings_of_both(), events).await?;
        let view = link.view();
        let is_started = || {
            let cells = view.cells.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            cells.is_some() || link.is_over()
        };
        until("the copy's start", is_started).await?;
        let (client, name) = (target.client.clone(), TOPIC.to_owned());
        let shape = tokio::task::spawn_blocking(move || log::shape(&name, &client));
        let shape = shape.await.map_err(DemoError::Defect)??;
        if shape.partitions != self.args.partitions.unsigned_abs() as usize || shape.replicas_min != 3 {
            return Err(DemoError::Shape(shape));
        }
        self.say(&format!(
            "Strait created {TOPIC} in {}: {} partitions, {} replicas each, as it was told.",
            NAMES[1], shape.partitions, shape.replicas_min
        ));
        Ok(link)
    }

    /// Shows the copy while the application works, then its lag.
    async fn watch(&self, regions: &Regions, link: &Link, target: &Cluster) -> Result<(), DemoError> {
        let name = format!("{}-{}", NAMES[0], NAMES[1]);
        let observed = Arc::new(Observed::new([name.clone()].into_iter()));
        observed.started(&name, link.view());
        let telling = (self.output.format() != Format::Json).then(|| {
            tokio::spawn(tell::progress(observed.clone(), self.reporter.clone(), PROGRESS_INTERVAL, false))
        });
        tokio::time::sleep(self.args.duration).await;
        // The group is to have been moved along in every partition before its region is lost.
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let there = resumes_at(target, GROUP, TOPIC).await?;
            if there.len() == self.args.partitions.unsigned_abs() as usize {
                break;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        if let Some(telling) = telling {
            telling.abort();
            // Awaited, so that nothing is drawn once the line is taken away.
            let _ = telling.await;
        }
        self.reporter.clear();
        regions.slow_down();
        self.say(&format!("Reads from {} get slow: {SLOWNESS:?} each. The copy falls behind:", NAMES[0]));
        tokio::time::sleep(SLOW_TIME).await;
        if let Some(flow) = observed.look().first() {
            // Asked after the look: what is behind is never told as less than it is.
            self.show(&lag_table(flow, &regions.source_ends(TOPIC, self.args.partitions)?));
        }
        Ok(())
    }

    /// Cuts the source off, waits until the application sees it, ends the copy, and finds out where the group
    /// goes on.
    async fn switch(
        &self,
        regions: &Regions,
        application: &mut Application,
        link: Link,
        target: &Cluster,
    ) -> Result<(BTreeMap<i32, Announced>, Switch), DemoError> {
        let us = NAMES[0];
        let began = self.ledger.now();
        regions.cut()?;
        self.say(&format!("Region {us} is cut off: all of its brokers are gone."));
        let detected = application.lost(PATIENCE).await.then(|| self.ledger.now());
        let remains = link.end().await?;
        let resumed = resumes_at(target, GROUP, TOPIC).await?;
        let switch = Switch { began, detected, moved: self.ledger.now(), resumed, ..Switch::default() };
        self.say(&format!(
            "Strait has ended the copy. It announces as missing what {us} has from MISSING-FROM\n\
             on, of which it saw {} records; group {GROUP} goes on at GOES-ON-AT:",
            remains.seen_and_not_copied
        ));
        self.show(&switch_table(TOPIC, &remains.copied_to, &switch.resumed));
        let announced = |(partition, from)| (partition, Announced { from, is_exact: true });
        Ok((remains.copied_to.into_iter().map(announced).collect(), switch))
    }

    /// Lets the application work in the target region.
    async fn go_on(&self, target: &Place, cut: Duration) -> Result<(), DemoError> {
        let application = Application::start(&self.work, target, &self.ledger);
        let is_going_on = || self.ledger.counts(Leg::Away).processed > 0;
        until("the first record processed in the other region", is_going_on).await?;
        let after = self.ledger.now().saturating_sub(cut);
        self.say(&format!(
            "The application works in {} again, {:.1} s after the cut.",
            NAMES[1],
            after.as_secs_f64()
        ));
        tokio::time::sleep(self.args.duration / 2).await;
        let reading = application.finish_writing().await?;
        self.process_rest(target).await?;
        Ok(reading.finish().await?)
    }

    /// Waits until the group has processed all that the target has; what it skips is the verdict's to tell.
    async fn process_rest(&self, target: &Place) -> Result<(), DemoError> {
        let mut left: HashSet<(i32, u64)> = HashSet::new();
        for (partition, found) in self.log(target).await? {
            left.extend(found.iter().map(|found| (partition, found.number)));
        }
        let deadline = Instant::now() + PATIENCE;
        while !left.is_empty() && Instant::now() < deadline {
            for processed in self.ledger.read().1 {
                left.remove(&(processed.partition, processed.number));
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    async fn log(&self, target: &Place) -> Result<Log, DemoError> {
        let (work, client) = (self.work.clone(), target.client.clone());
        let read = tokio::task::spawn_blocking(move || log::read(&work, &client));
        Ok(read.await.map_err(DemoError::Defect)??)
    }

    fn show(&self, table: &str) {
        if self.output.format() != Format::Json {
            self.output.data(table);
        }
    }

    fn say(&self, text: &str) {
        if self.output.format() != Format::Json {
            self.output.say(text);
        }
    }
}

/// Waits for a condition that nobody tells.
async fn until(what: &'static str, is_so: impl Fn() -> bool) -> Result<(), DemoError> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() >= deadline {
            return Err(DemoError::Late { what, patience: PATIENCE });
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

/// Tells what the story does not tell itself: partitions that stopped, records left out, notices.
async fn tell_events(mut events: mpsc::Receiver<Event>, reporter: Reporter) {
    while let Some(event) = events.recv().await {
        let is_news =
            matches!(event, Event::Stopped { .. } | Event::Skipped { .. } | Event::GroupsHeld { .. });
        if is_news && reporter.output().format() != Format::Json {
            reporter.events(&format!("{}-{}", NAMES[0], NAMES[1]), &[event]);
        }
    }
}

//! The story of a drill.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::doors::{Doors, Liars};
use super::error::{DrillError, in_words};
use super::hooks::Hooks;
use super::plan::Plan;
use super::played::Played;
use super::record::{Kept, Record};
use super::stage;
use super::told::{Phase, Told};
use super::{switch, way_back};
use crate::drill::application::Application;
use crate::drill::evidence::{Evidence, Found, Leg, Log, Region, Switch};
use crate::drill::ledger::Ledger;
use crate::drill::link::{Link, resumes_at};
use crate::drill::log;
use crate::drill::oracle::judge;
use crate::drill::scenario::Act;
use crate::drill::verdict::Judged;
use crate::drill::workload::{Place, Work};
use crate::kafka::cluster::Cluster;
use crate::kafka::librdkafka::client_config;

/// How long one step may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at that nobody tells.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// How long the copy that was torn down stays away.
const CRASH_PAUSE: Duration = Duration::from_millis(300);
/// Events of the copy that may wait.
const EVENT_QUEUE_MAX: usize = 1024;

/// Holds all that a drill needs.
#[derive(Debug)]
pub struct Drill {
    /// What is to be done.
    pub plan: Plan,
    /// Who makes faults that are not the drill's own.
    pub hooks: Option<Arc<dyn Hooks>>,
    /// Who lies to the copy; nobody but in tests.
    pub liars: Liars,
    /// Where what happens is told.
    pub told: mpsc::Sender<Told>,
}

/// What the parts of a story share.
pub(super) struct Scene<'a> {
    pub(super) plan: &'a Plan,
    pub(super) hooks: Option<&'a dyn Hooks>,
    pub(super) doors: Doors,
    pub(super) work: Arc<Work>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) record: Record,
    /// The copy, where one runs.
    pub(super) link: Option<Link>,
    pub(super) evidence: Evidence,
}

/// Plays a drill. What it makes at the clusters stays there: [`stage::clear`] takes it away.
pub async fn play(drill: &Drill) -> Result<Played, DrillError> {
    let Drill { plan, hooks, liars, told } = drill;
    let ledger = Arc::new(Ledger::new());
    let record = Record::new(ledger.clone(), told.clone());
    let began = record.begin(Phase::Prepare).await;
    let at_source = Cluster::open(plan.source.clone()).await?;
    let doors = Doors::open(&plan.source, &plan.target, liars.clone()).await?;
    stage::set(&at_source, &plan.id, plan.load.partitions, plan.load.is_compacted).await?;
    let work = Arc::new(plan.work());
    let evidence =
        Evidence { keys: work.keys, is_transactional: plan.load.is_transactional, ..Evidence::default() };
    let hooks = hooks.as_deref();
    let mut scene = Scene { plan, hooks, doors, work, ledger, record, link: None, evidence };
    scene.start_link().await?;
    let words = format!("{} partitions at both ends", plan.load.partitions);
    scene.record.done(Phase::Prepare, began, words).await;
    let sampling = scene.record.sample();
    let played = scene.play().await;
    drop(sampling);
    if let Some(link) = scene.link.take() {
        link.crash();
    }
    played?;
    scene.finish().await
}

impl Scene<'_> {
    async fn play(&mut self) -> Result<(), DrillError> {
        let mut application = self.application(Leg::Home);
        self.produce(&mut application).await?;
        let away = match self.plan.scenario.loses_region() {
            true => switch::unplanned(self, application).await?,
            false => switch::planned(self, application).await?,
        };
        let Some(application) = away else { return Ok(()) };
        let began = self.record.begin(Phase::Away).await;
        self.work_on(&application, Leg::Away).await;
        let counts = self.ledger.counts(Leg::Away);
        let words = format!("{} acknowledged, {} processed", counts.acknowledged, counts.processed);
        self.record.done(Phase::Away, began, words).await;
        if !self.plan.comes_back {
            return self.end_away(application).await;
        }
        if self.plan.scenario.loses_region() {
            self.heal().await?;
        }
        let Some(application) = way_back::fail_back(self, application).await? else { return Ok(()) };
        self.back(application).await
    }

    /// The application works at home, while things befall the copy.
    async fn produce(&mut self, application: &mut Application) -> Result<(), DrillError> {
        let (scenario, duration) = (self.plan.scenario, self.plan.load.duration);
        let began = self.record.begin(Phase::Produce).await;
        let start = Instant::now();
        let acts = scenario.acts(duration, self.plan.seed);
        for (at, act) in acts {
            tokio::time::sleep_until(start + at).await;
            self.act(act).await?;
        }
        tokio::time::sleep_until(start + duration).await;
        self.at_work(application).await?;
        let counts = self.ledger.counts(Leg::Home);
        let words = format!("{} sent, {} acknowledged", counts.handed, counts.acknowledged);
        self.record.done(Phase::Produce, began, words).await;
        Ok(())
    }

    async fn act(&mut self, act: Act) -> Result<(), DrillError> {
        self.record.mark(act.word()).await;
        match act {
            Act::CutLink => self.doors.cut_link(),
            Act::MendLink => self.doors.mend_link(),
            Act::SlowLink { round_trip, bytes_per_second } => {
                self.doors.slow_link(round_trip, Some(bytes_per_second));
            }
            Act::QuickLink => self.doors.slow_link(Duration::ZERO, None),
            Act::CrashCopy => {
                if let Some(link) = self.link.take() {
                    link.crash();
                }
                self.record.look_at(None);
                tokio::time::sleep(CRASH_PAUSE).await;
                self.start_link().await?;
            }
            Act::Strike => self.hooks()?.strike().await?,
            Act::Heal => self.hooks()?.heal().await?,
        }
        Ok(())
    }

    /// Waits until the application has done a bit of all that it does: the group has an offset in every partition,
    /// at the target where a lost region leaves none to ask, and a transaction was aborted where it writes in some.
    async fn at_work(&self, application: &mut Application) -> Result<(), DrillError> {
        let region = match self.plan.scenario.loses_region() {
            true => Cluster::open(self.plan.target.clone()).await?,
            false => Cluster::open(self.plan.source.clone()).await?,
        };
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && !application.is_over() {
            let there = resumes_at(&region, &self.work.group, &self.work.topic).await.unwrap_or_default();
            let has_offsets =
                i32::try_from(there.len()).is_ok_and(|count| count >= self.plan.load.partitions);
            if has_offsets && (!self.plan.load.is_transactional || self.ledger.counts(Leg::Home).aborted > 0)
            {
                break;
            }
            tokio::time::sleep(LOOK_INTERVAL * 5).await;
        }
        // Where it never came that far the verdict tells.
        Ok(())
    }

    /// Lets the application work in another region for as long as was asked for, and on until it has done something
    /// of all that it does: to a slow machine a short drill is over before the first answer.
    async fn work_on(&self, application: &Application, leg: Leg) {
        tokio::time::sleep(self.plan.load.duration / 2).await;
        let has_worked = || self.ledger.has_worked(leg) || application.is_over();
        // Where it never came that far the verdict tells.
        let _ = until("the application's work", has_worked).await;
    }

    /// The source region is there again.
    async fn heal(&mut self) -> Result<(), DrillError> {
        let began = self.record.begin(Phase::Heal).await;
        match self.hooks {
            Some(hooks) => hooks.heal().await?,
            None => self.doors.heal_source(),
        }
        let source = self.doors.of_copy().0;
        let deadline = Instant::now() + PATIENCE;
        let cluster = loop {
            match Cluster::open(source.clone()).await {
                Ok(cluster) => break cluster,
                Err(error) if Instant::now() >= deadline => return Err(error.into()),
                Err(_) => tokio::time::sleep(LOOK_INTERVAL * 5).await,
            }
        };
        drop(cluster);
        self.record.mark("healed").await;
        self.record.done(Phase::Heal, began, "the source region answers").await;
        Ok(())
    }

    /// The application works at home again.
    async fn back(&mut self, application: Application) -> Result<(), DrillError> {
        let began = self.record.begin(Phase::Back).await;
        self.start_link().await?;
        self.work_on(&application, Leg::Back).await;
        let reading = application.finish_writing().await?;
        let copied = switch::copy_rest(self).await;
        self.process_rest(Region::Source).await?;
        reading.finish().await?;
        let counts = self.ledger.counts(Leg::Back);
        let words = format!("{} acknowledged, {} processed", counts.acknowledged, counts.processed);
        match copied {
            Ok(_) => self.record.done(Phase::Back, began, words).await,
            Err(cause) => {
                self.record.broken(Phase::Back, began, &cause).await;
                self.evidence.stopped.push(("the copy".to_owned(), cause));
            }
        }
        Ok(())
    }

    /// The drill ends in the target region.
    async fn end_away(&mut self, application: Application) -> Result<(), DrillError> {
        let reading = application.finish_writing().await?;
        self.process_rest(Region::Target).await?;
        Ok(reading.finish().await?)
    }

    /// Waits until the group has processed all that a region has; what it skips is the verdict's to tell.
    async fn process_rest(&self, region: Region) -> Result<(), DrillError> {
        let (sent, _, _) = self.ledger.read();
        let at_home: HashSet<(i32, u64)> = sent
            .into_iter()
            .filter(|sent| sent.leg == Leg::Home)
            .map(|sent| (sent.partition, sent.number))
            .collect();
        let mut left: HashSet<(i32, u64)> = HashSet::new();
        for (partition, records) in self.log(region).await? {
            // What was announced as missing stands at the source alone, and nobody goes back for it.
            let announced = self.evidence.announced.get(&partition).filter(|_| region == Region::Source);
            let is_stranded = |found: &Found| {
                announced.is_some_and(|announced| found.offset >= announced.from)
                    && at_home.contains(&(partition, found.number))
            };
            let to_process = records.into_iter().filter(|found| !is_stranded(found));
            left.extend(to_process.map(|found| (partition, found.number)));
        }
        let deadline = Instant::now() + PATIENCE;
        let mut seen = 0;
        loop {
            let processed = self.ledger.processed_since(seen);
            seen += processed.len();
            for processed in processed {
                left.remove(&(processed.partition, processed.number));
            }
            if left.is_empty() || Instant::now() >= deadline {
                return Ok(());
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Reads both logs and judges.
    async fn finish(mut self) -> Result<Played, DrillError> {
        let began = self.record.begin(Phase::Verify).await;
        self.evidence.logs.insert(Region::Target, self.log(Region::Target).await?);
        // The source's counts only where everything had time to come back.
        if self.evidence.switches.contains_key(&Leg::Back) {
            self.evidence.logs.insert(Region::Source, self.log(Region::Source).await?);
        }
        let (sent, processed, commits) = self.ledger.read();
        let records: usize = self.evidence.logs.values().flat_map(BTreeMap::values).map(Vec::len).sum();
        let words = format!("{records} records read by a client of their own");
        self.record.done(Phase::Verify, began, words).await;
        let Kept { phases, marks, samples, stopped, .. } = self.record.take();
        let Self { mut evidence, doors, plan, .. } = self;
        doors.close().await;
        evidence.stopped.extend(stopped);
        evidence = Evidence { sent, processed, commits, ..evidence };
        let findings = judge(&evidence);
        let judged = Judged::of(&findings, &plan.ceilings);
        Ok(Played { evidence, findings, judged, phases, marks, samples })
    }

    async fn log(&self, region: Region) -> Result<Log, DrillError> {
        let settings = match region {
            Region::Source => &self.plan.source,
            Region::Target => &self.plan.target,
        };
        let (work, client) = (self.work.clone(), client_config(settings));
        Ok(tokio::task::spawn_blocking(move || log::read(&work, &client)).await??)
    }

    /// Starts the application in a leg's region.
    pub(super) fn application(&self, leg: Leg) -> Application {
        let (source, target) = self.doors.of_application();
        let settings = match leg.region() {
            Region::Source => source,
            Region::Target => target,
        };
        let place = Place { leg, client: client_config(&settings) };
        Application::start(&self.work, &place, &self.ledger)
    }

    /// Starts to copy; waits until it has started, or cannot.
    pub(super) async fn start_link(&mut self) -> Result<(), DrillError> {
        let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
        tokio::spawn(self.record.clone().note_events(receiver));
        let link = Link::start(self.plan.flow.clone(), self.doors.of_copy(), events).await?;
        let view = link.view();
        let is_started = || {
            let cells = view.cells.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            cells.is_some() || link.is_over()
        };
        until("the copy's start", is_started).await?;
        self.record.look_at(Some(link.view()));
        self.link = Some(link);
        Ok(())
    }

    fn hooks(&self) -> Result<&dyn Hooks, DrillError> {
        self.hooks.ok_or(DrillError::NoHooks(self.plan.scenario.name()))
    }

    /// Notes that a change of region did not come to its end.
    pub(super) async fn broken_switch(
        &mut self,
        (leg, phase, began): (Leg, Phase, Duration),
        switch: Switch,
        error: &(dyn std::error::Error + Send + Sync),
    ) {
        self.evidence.switches.insert(leg, switch);
        let cause = in_words(error);
        self.record.broken(phase, began, &cause).await;
        self.evidence.broken_switches.insert(leg, cause);
    }
}

/// Waits for a condition that nobody tells.
pub(super) async fn until(what: &'static str, is_so: impl Fn() -> bool) -> Result<(), DrillError> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() >= deadline {
            return Err(DrillError::Late { what, patience: PATIENCE });
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

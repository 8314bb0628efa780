//! One flow's way back, step by step. Each step can be taken again after an interruption: what was done stands
//! in the two flows' state topics.

use tokio::sync::mpsc;

use super::begin::{self, Begun};
use super::error::FailbackError;
use super::export::Exported;
use super::reopen::{self, Reopened};
use super::reverse::{self, Reverse};
use super::settle::{self, Choice};
use super::state::State;
use super::survey::{self, Survey, Wide};
use crate::config::settings::FlowSettings;
use crate::engine::ended::Ended;
use crate::engine::event::Event;
use crate::engine::failback_records::Returning;
use crate::failover::drain::{CaughtUp, Drain, DrainError, Rest};
use crate::failover::ending::{Ending, Leave, PATIENCE};
use crate::failover::whole::{self, Looked};
use crate::kafka::cluster::Cluster;
use crate::types::{TopicName, TopicPartition, distinct};

/// Takes one flow back.
#[derive(Debug)]
pub struct Failback {
    source: Cluster,
    target: Cluster,
    flow: FlowSettings,
    ended: Ended,
    reverse: Reverse,
    state: State,
    /// The state of the flow that goes the other way.
    back: State,
    events: mpsc::Sender<Event>,
}

/// Says where partitions and groups of the flow that goes the other way were left.
#[derive(Debug)]
pub struct CameBack {
    /// Where.
    pub looked: Looked,
    /// The record of its end; `None` where it goes on, for it had a place of its own.
    pub ended: Option<Ended>,
    /// Partitions where nothing keeps another owner out.
    pub unfenced: Vec<TopicPartition>,
}

impl Failback {
    /// Reads the record of the flow's end, and finds the flow that goes the other way: `configured` are all there
    /// are. `source` is the flow's own, so the one to go back to.
    pub async fn open(
        source: &Cluster,
        target: &Cluster,
        flow: &FlowSettings,
        configured: &[FlowSettings],
        events: mpsc::Sender<Event>,
    ) -> Result<Self, FailbackError> {
        let mut state = State::new(target, &flow.name);
        if !state.catch_up().await? {
            return Err(FailbackError::NeverRan { topic: state.topic().clone() });
        }
        let ended = state.known().whole.ended.clone().ok_or(FailbackError::NotEnded)?;
        if ended.done_ms.is_none() {
            return Err(FailbackError::HalfEnded(Box::new(ended)));
        }
        let is_flows = |topic: &&TopicName| flow.topics.matches(topic.as_str());
        let known = state.known().partitions.keys().map(|partition| &partition.topic);
        let topics = distinct(known.filter(is_flows));
        let reverse = reverse::reverse(flow, configured.iter(), &topics)?;
        let mut back = State::new(source, &reverse.settings.name);
        back.catch_up().await?;
        let (source, target, flow) = (source.clone(), target.clone(), flow.clone());
        Ok(Self { source, target, flow, ended, reverse, state, back, events })
    }

    /// Returns the flow that goes the other way.
    pub fn reverse(&self) -> &Reverse {
        &self.reverse
    }

    /// Returns how the flow was ended.
    pub fn ended(&self) -> &Ended {
        &self.ended
    }

    /// Returns how far an earlier run came.
    pub fn returning(&self) -> Option<Returning> {
        settle::returning(&self.state, self.ended.begun_ms)
    }

    fn wide<'a>(
        source: &'a Cluster,
        target: &'a Cluster,
        flow: &'a FlowSettings,
        ended: &'a Ended,
    ) -> Wide<'a> {
        Wide { source, target, flow, ended, patience: PATIENCE }
    }

    /// Finds out what there is to do; changes nothing.
    pub async fn survey(&mut self) -> Result<Survey, FailbackError> {
        let wide = Self::wide(&self.source, &self.target, &self.flow, &self.ended);
        let survey = survey::survey(&wide, &mut self.state).await?;
        let rename = &self.flow.rename;
        let left: Vec<String> =
            survey.left_out.iter().map(|left| rename.apply(left.topic.as_str())).collect();
        let topics = &self.reverse.settings.topics;
        self.reverse.settings.topics = topics.without(left.iter().map(String::as_str));
        Ok(survey)
    }

    /// Settles what becomes of the stranded records, in the survey too. Where there are any it has to be chosen.
    pub async fn settle(
        &mut self,
        survey: &mut Survey,
        choice: Option<&Choice>,
    ) -> Result<Vec<Exported>, FailbackError> {
        let wide = Self::wide(&self.source, &self.target, &self.flow, &self.ended);
        let done = settle::settle(&wide, &mut self.state, survey, choice, &self.events).await?;
        for one in &mut survey.partitions {
            one.settled = self.state.past(&one.source).settled;
        }
        Ok(done)
    }

    /// Writes the begin of the flow that goes the other way: from now on anybody may run it.
    pub async fn begin(&mut self, survey: &Survey) -> Result<Begun, FailbackError> {
        let wide = Self::wide(&self.source, &self.target, &self.flow, &self.ended);
        begin::begin(&wide, &self.reverse, &mut self.back, survey).await
    }

    fn drain_back(&self) -> Drain<'_> {
        Drain {
            source: &self.target,
            target: &self.source,
            flow: &self.reverse.settings,
            events: self.events.clone(),
        }
    }

    /// Returns both ends, the one to go back to first.
    pub fn clusters(&self) -> (&Cluster, &Cluster) {
        (&self.source, &self.target)
    }

    /// Copies back what there is, while applications still write.
    pub async fn drain(&self, survey: &Survey, rest: Rest) -> Result<(), DrainError> {
        self.drain_back().drain(&Self::expected(survey), rest).await.map(|_| ())
    }

    /// Copies back until the target is at rest, with nobody writing there any more.
    pub async fn catch_up(&self, survey: &Survey, rest: Rest) -> Result<CaughtUp, DrainError> {
        self.drain_back().catch_up(&Self::expected(survey), rest).await
    }

    /// Lists the partitions that come back, by their names at the target.
    pub fn expected(survey: &Survey) -> Vec<TopicPartition> {
        let begun = survey.partitions.iter().filter(|one| one.map.is_some());
        begun.map(|one| one.target.clone()).collect()
    }

    /// Says whether the flow that goes the other way came to its end in an earlier run.
    pub fn is_back(&self) -> bool {
        let ended = self.back.known().whole.ended.as_ref();
        begin::is_whole(&self.back, self.ended.begun_ms) && ended.is_some()
    }

    /// Ends the flow that goes the other way as planned, and moves the groups back. One that has a place of its own
    /// goes on: only the groups are moved.
    pub async fn end(
        &mut self,
        begun: &Begun,
        caught_up: Option<&CaughtUp>,
    ) -> Result<CameBack, FailbackError> {
        let flow = &self.reverse.settings;
        let source = Some((&self.target, PATIENCE));
        let mut ending = Ending::new(&self.source, flow);
        ending.read().await?;
        if !begun.own.is_empty() {
            caught_up.ok_or(FailbackError::NotDrained)?;
            let groups =
                whole::move_groups(&mut ending, (&self.target, &self.source), flow, PATIENCE).await?;
            let looked = Looked { groups, ..Looked::default() };
            return Ok(CameBack { looked, ended: None, unfenced: Vec::new() });
        }
        let leave = match (ending.ended(), caught_up) {
            // It was drained by the run that wrote this down.
            (Some(_), _) => Leave::Unplanned,
            (None, Some(caught_up)) => Leave::Planned(caught_up),
            (None, None) => return Err(FailbackError::NotDrained),
        };
        let done = whole::end(&mut ending, &self.source, flow, source, leave).await?;
        self.back.catch_up().await?;
        Ok(CameBack { looked: done.looked, ended: Some(done.ended), unfenced: done.unfenced })
    }

    /// Lets the original flow run again, from the right place.
    pub async fn reopen(&mut self, survey: &Survey) -> Result<Vec<Reopened>, FailbackError> {
        let wide = Self::wide(&self.source, &self.target, &self.flow, &self.ended);
        reopen::reopen(&wide, &self.reverse, (&mut self.state, &mut self.back), survey).await
    }
}

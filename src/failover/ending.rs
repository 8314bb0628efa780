//! Ending a flow, step by step: the record first, then every partition's fence, then where each was left.
//! Each step can be taken again after an interruption.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::behind;
use super::drain::CaughtUp;
use super::plan::{AtSource, Behind, Place, place};
use super::source::{self, now_ms};
use crate::config::settings::FlowSettings;
use crate::engine::compacted_log::CompactedLog;
use crate::engine::discover::target_name;
use crate::engine::ended::{EndKind, Ended, VERSION};
use crate::engine::fence;
use crate::engine::state_read::StateReader;
use crate::engine::state_records::{Key, Owner, Past, json};
use crate::engine::state_topic::NAME_PREFIX;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::{Metadata, TopicMetadata};
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{TargetOffset, TopicName, TopicPartition, distinct};

/// Partitions whose logs are read or whose fences are taken at a time.
const AT_A_TIME: usize = 32;
/// How long each question to the target is repeated.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Ends one flow.
#[derive(Debug)]
pub struct Ending<'a> {
    target: &'a Cluster,
    flow: &'a FlowSettings,
    reader: StateReader,
    log: CompactedLog,
}

/// The proof that nobody writes for the flow any more: only [`Ending::fence`] makes one.
#[derive(Debug)]
pub struct Fenced {
    /// Where the marker stands in each target partition, and whether it keeps others out.
    markers: BTreeMap<TopicPartition, Marked>,
}

#[derive(Clone, Copy, Debug)]
struct Marked {
    /// Where the log was read to: the marker, or the end where the target grants none.
    end: i64,
    /// The first offset behind all that the flow wrote.
    next: i64,
    is_exclusive: bool,
}

/// Says on what ground a flow may be ended.
#[derive(Clone, Copy, Debug)]
pub enum Leave<'a> {
    /// All of the source is at the target.
    Planned(&'a CaughtUp),
    /// What has arrived is taken.
    Unplanned,
}

impl Leave<'_> {
    fn how(self) -> EndKind {
        match self {
            Self::Planned(_) => EndKind::Planned,
            Self::Unplanned => EndKind::Unplanned,
        }
    }
}

/// Says where a flow's partitions stand.
#[derive(Debug)]
pub struct Stands {
    /// The partitions, by name.
    pub places: Vec<Place>,
    /// Topics that the target has no more, or does not show.
    pub gone: Vec<TopicName>,
    /// What kept a source that was to be asked from telling.
    pub refused: Option<KafkaError>,
}

/// The partitions whose fence could not be taken, each with the cause.
pub type NotFenced = Vec<(TopicPartition, KafkaError)>;

impl Fenced {
    /// Lists the target partitions where the target keeps no other owner out.
    pub fn open_ones(&self) -> impl Iterator<Item = &TopicPartition> {
        self.markers.iter().filter(|(_, marked)| !marked.is_exclusive).map(|(partition, _)| partition)
    }
}

impl<'a> Ending<'a> {
    /// Prepares to end a flow; nothing is read or changed yet.
    pub fn new(target: &'a Cluster, flow: &'a FlowSettings) -> Self {
        let topic = TopicName::new(format!("{NAME_PREFIX}{}", flow.name));
        let reader = StateReader::new(target.clone(), topic.clone());
        Self { target, flow, reader, log: CompactedLog::new(target.clone(), topic, PATIENCE) }
    }

    /// Reads the flow's state to its end; false where the flow never ran.
    pub async fn read(&mut self) -> Result<bool, KafkaError> {
        self.reader.catch_up().await
    }

    /// Returns who ended the flow, as of the last reading.
    pub fn ended(&self) -> Option<&Ended> {
        self.reader.state().whole.ended.as_ref()
    }

    /// Returns the topic that holds the flow's state.
    pub fn state_topic(&self) -> &TopicName {
        self.reader.topic()
    }

    /// Returns the flow's source partitions, by name; of the last reading.
    pub fn partitions(&self) -> Vec<TopicPartition> {
        let known = self.reader.state().partitions.iter();
        let mut known: Vec<_> = known.filter(|(_, past)| past.was_owned()).map(|(p, _)| p.clone()).collect();
        known.sort();
        known
    }

    fn target_of(&self, partition: &TopicPartition) -> TopicPartition {
        TopicPartition { topic: target_name(self.flow, &partition.topic), partition: partition.partition }
    }

    fn past(&self, partition: &TopicPartition) -> Past {
        self.reader.state().partitions.get(partition).cloned().unwrap_or_default()
    }

    /// Tells where each partition stands now, or was left behind its fence; `source` is asked where it is
    /// given, for at most as long as `source_patience`. The list of topics says which the target has no more.
    pub async fn look(
        &mut self,
        fenced: Option<&Fenced>,
        source: Option<(&Cluster, Duration)>,
    ) -> Result<Stands, KafkaError> {
        // In this order: whoever wrote what stands before the logs' ends had recorded its producer id by then.
        let logs = self.logs().await?;
        self.reader.catch_up().await?;
        let partitions = self.partitions();
        let mut refused = None;
        let told = match source {
            Some((source, patience)) => {
                let asked =
                    source::ask((source, self.target), self.flow, &mut self.reader, &partitions, patience);
                match tokio::time::timeout(patience, asked).await {
                    Ok(Ok(told)) => told,
                    Ok(Err(error)) => {
                        refused = Some(error);
                        Default::default()
                    }
                    Err(_) => Default::default(),
                }
            }
            None => Default::default(),
        };
        let this = &*self;
        let (logs, told) = (&logs, &told);
        let there: Vec<TopicPartition> =
            partitions.into_iter().filter(|partition| logs.has(&this.target_of(partition))).collect();
        let mut places = Vec::with_capacity(there.len());
        let mut each = stream::iter(there)
            .map(|partition| async move {
                let at_source = told.get(&partition).copied();
                this.one(&partition, logs, fenced, at_source).await
            })
            .buffered(AT_A_TIME);
        while let Some(found) = each.next().await {
            places.push(found?);
        }
        drop(each);
        Ok(Stands { places, gone: logs.gone.clone(), refused })
    }

    async fn one(
        &self,
        partition: &TopicPartition,
        logs: &Logs,
        fenced: Option<&Fenced>,
        at_source: Option<AtSource>,
    ) -> Result<Place, KafkaError> {
        let (target, past) = (self.target_of(partition), self.past(partition));
        let marked = fenced.and_then(|fenced| fenced.markers.get(&target));
        let (first, end) = logs.bounds(self.target, &target).await?;
        let behind = if past.ended.is_some() {
            Behind { records: 0, end }
        } else {
            let span = (first, marked.map_or(end, |marked| marked.end));
            behind::count(self.target, &logs.metadata, &target, &past, span, PATIENCE).await?
        };
        let behind = Behind { end: marked.map_or(behind.end, |marked| marked.next), ..behind };
        Ok(place((partition, &target), &past, behind, at_source))
    }

    /// Looks where the target's logs begin and end.
    async fn logs(&mut self) -> Result<Logs, KafkaError> {
        self.reader.catch_up().await?;
        let targets: Vec<_> = self.partitions().iter().map(|partition| self.target_of(partition)).collect();
        let topics = distinct(targets.iter().map(|partition| &partition.topic));
        if topics.is_empty() {
            return Ok(Logs::default());
        }
        let target = self.target;
        let metadata = target.retrying(PATIENCE, || target.metadata(Some(&topics))).await?;
        let is_gone = |topic: &&TopicName| metadata.topics.get(*topic).is_none_or(TopicMetadata::is_missing);
        let gone: Vec<TopicName> = topics.iter().filter(is_gone).cloned().collect();
        let there = targets.iter().filter(|partition| !gone.contains(&partition.topic));
        let there: Vec<TopicPartition> = there.cloned().collect();
        let list = async |spec| {
            let asked: Vec<_> = there.iter().map(|partition| (partition.clone(), spec)).collect();
            if asked.is_empty() {
                return Ok(OffsetAnswers::new());
            }
            let list = || offsets::list(target, &metadata, &asked, Isolation::ReadUncommitted);
            target.retrying(PATIENCE, list).await
        };
        let (firsts, ends) = (list(OffsetSpec::Earliest).await?, list(OffsetSpec::Latest).await?);
        Ok(Logs { metadata, firsts, ends, gone })
    }

    /// Writes down that the flow is being ended; from now on no start of a replicator succeeds. Where that
    /// stands already, it stays.
    pub async fn mark(&mut self, leave: Leave<'_>, source: Option<&Cluster>) -> Result<Ended, KafkaError> {
        self.reader.catch_up().await?;
        let ended = if let Some(ended) = self.ended() {
            ended.clone()
        } else {
            let begun_ms = now_ms();
            let Owner { host, pid, .. } = Owner::of_this_process(0, begun_ms);
            let ended = Ended {
                v: VERSION,
                how: leave.how(),
                begun_ms,
                done_ms: None,
                host,
                pid,
                source_cluster: source.map(|source| source.id().to_string()),
                target_cluster: self.target.id().to_string(),
            };
            self.log.append(&[(json(&Key::Ended), Some(json(&ended)))], begun_ms).await?;
            ended
        };
        // What stands before the record is found now, and whoever writes behind it finds the record.
        self.reader.catch_up().await?;
        Ok(self.ended().cloned().unwrap_or(ended))
    }

    /// Takes the fences of all partitions that are not recorded as left yet.
    pub async fn fence(&mut self) -> Result<(Fenced, NotFenced), KafkaError> {
        let logs = self.logs().await?;
        let open: Vec<_> = self
            .partitions()
            .into_iter()
            .map(|partition| (self.past(&partition), self.target_of(&partition)))
            .filter(|(past, target)| past.ended.is_none() && logs.has(target))
            .collect();
        let (this, logs) = (&*self, &logs);
        let taken: Vec<_> = stream::iter(open)
            .map(|(past, target)| async move {
                let fence = this.take(&past, &target, logs).await;
                (target, fence)
            })
            .buffer_unordered(AT_A_TIME)
            .collect()
            .await;
        let mut fenced = Fenced { markers: BTreeMap::new() };
        let mut failed = NotFenced::new();
        for (target, fence) in taken {
            match fence {
                Ok(marked) => drop(fenced.markers.insert(target, marked)),
                Err(error) => failed.push((target, error)),
            }
        }
        failed.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok((fenced, failed))
    }

    async fn take(&self, past: &Past, target: &TopicPartition, logs: &Logs) -> Result<Marked, KafkaError> {
        let (_, end) = logs.bounds(self.target, target).await?;
        let id = format!("{NAME_PREFIX}{}.{}.{}", self.flow.name, target.topic, target.partition);
        let end = TargetOffset(end);
        let wanted = fence::Wanted { id: &id, partition: target, end, was_owned: past.was_owned() };
        let fence = fence::take(self.target, &logs.metadata, wanted, PATIENCE).await?;
        let is_exclusive = fence.is_exclusive;
        Ok(match fence.marker {
            Some(TargetOffset(marker)) => Marked { end: marker, next: marker + 1, is_exclusive },
            None => Marked { end: end.0, next: end.0, is_exclusive },
        })
    }

    /// Records where each partition was left.
    pub async fn record(&mut self, fenced: &Fenced, places: &[Place]) -> Result<(), KafkaError> {
        let new = places.iter().filter(|place| place.recorded.is_none());
        let pairs: Vec<_> = new
            .map(|place| {
                let is_fenced = fenced.markers.get(&place.target).is_some_and(|marked| marked.is_exclusive);
                let (topic, partition) = (place.source.topic.to_string(), place.source.partition);
                let key = json(&Key::EndedPartition { topic, partition });
                (key, Some(json(&place.record(is_fenced))))
            })
            .collect();
        self.log.append(&pairs, now_ms()).await
    }

    /// Records that all of it is done.
    pub async fn finish(&mut self, ended: Ended) -> Result<Ended, KafkaError> {
        let ended = Ended { done_ms: ended.done_ms.or(Some(now_ms())), ..ended };
        self.log.append(&[(json(&Key::Ended), Some(json(&ended)))], now_ms()).await?;
        Ok(ended)
    }

    /// Follows the flow's state.
    pub fn reader(&mut self) -> &mut StateReader {
        &mut self.reader
    }
}

/// Where the target's logs begin and end.
#[derive(Debug, Default)]
struct Logs {
    metadata: Metadata,
    firsts: OffsetAnswers,
    ends: OffsetAnswers,
    /// Topics the target has no more, or does not show.
    gone: Vec<TopicName>,
}

impl Logs {
    fn has(&self, partition: &TopicPartition) -> bool {
        self.ends.contains_key(partition)
    }

    /// Returns where a log begins and ends; where its leader did not say, that is asked again.
    async fn bounds(&self, target: &Cluster, partition: &TopicPartition) -> Result<(i64, i64), KafkaError> {
        let known = |answers| offsets::answer(answers, partition).ok();
        if let (Some(first), Some(end)) = (known(&self.firsts), known(&self.ends)) {
            return Ok((first, end));
        }
        let one = async |spec| {
            let topic = std::slice::from_ref(&partition.topic);
            let ask = || async {
                let metadata = target.metadata(Some(topic)).await?;
                offsets::one(target, &metadata, partition, spec, Isolation::ReadUncommitted).await
            };
            target.retrying(PATIENCE, ask).await
        };
        Ok((one(OffsetSpec::Earliest).await?, one(OffsetSpec::Latest).await?))
    }
}

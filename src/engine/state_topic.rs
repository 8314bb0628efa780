//! A flow's progress, kept at the target: the compacted topic `strait.<flow>` for us, the consumer
//! group of the same name for everyone's tools.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kafka_protocol::ResponseError;
use tokio::sync::{Mutex, MutexGuard};

use super::cell::PartitionCell;
use super::compacted_log::{CompactedLog, Pair};
use super::ended::Ended;
use super::event::StopCause;
use super::offset_map::{Chunk, ChunkId, Growing};
use super::partition::Phase;
use super::state_records::{Checkpoint, Key, Owner, Partitions, Past, Producer, Trouble, Whole, json, learn};
use crate::config::settings::FlowSettings;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::groups::{self, Commit};
use crate::kafka::producer_ids::ProducerIdentity;
use crate::types::{SourceOffset, TargetOffset, TopicName, TopicPartition};

/// What the names of all state topics begin with; such topics are never copied.
pub const NAME_PREFIX: &str = "strait.";
/// How long the target may take to make the topic, elect its leader, or load a group.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds what is written of one partition at a time.
#[derive(Debug)]
pub struct Kept {
    cell: Arc<PartitionCell>,
    checkpoint: Checkpoint,
    /// The map's chunks, the open one last.
    chunks: Vec<(ChunkId, Chunk)>,
    skips: Vec<(SourceOffset, StopCause)>,
}

impl Kept {
    /// States where a partition is now; `None` while it is being started, or when another owns it.
    fn of(cell: &Arc<PartitionCell>) -> Option<Self> {
        let mut state = cell.lock();
        if matches!(
            state.partition.phase(),
            Phase::Starting | Phase::Stopped(StopCause::Fenced | StopCause::Ended(_))
        ) {
            return None;
        }
        let checkpoint = Checkpoint {
            v: 1,
            source_next: state.partition.copied().0,
            target_next: state.partition.target_next().0,
            source_topic_id: state.source_topic_id,
            target_topic_id: state.target_topic_id,
            producer_id: state.partition.producer()?.id,
            source_end: state.partition.source_end().map(|end| end.0),
            source_epoch: state.partition.copied_epoch(),
        };
        let chunks = state.partition.map().chunks();
        Some(Self { cell: cell.clone(), checkpoint, chunks, skips: state.partition.skips().to_vec() })
    }
}

/// Holds a partition that may go as soon as this is written.
#[derive(Debug)]
pub struct Begun {
    /// The partition.
    pub cell: Arc<PartitionCell>,
    /// Its first checkpoint.
    pub checkpoint: Checkpoint,
    /// Its producer.
    pub producer: ProducerIdentity,
    /// Its offset map so far.
    pub map: Growing,
    /// Chunks that are not needed any more.
    pub gone: Vec<ChunkId>,
}

/// Says what of a flow's progress could not be kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeepError {
    /// The checkpoints; a start will have more to read.
    #[error("progress could not be kept at the target: {0}")]
    Checkpoints(#[from] KafkaError),
    /// The same, at the end of a stop.
    #[error(
        "progress could not be kept at the target: shutdown_timeout ({}) was over",
        humantime::format_duration(*.0)
    )]
    TooLate(Duration),
    /// The group's offsets; nothing of ours depends on them.
    #[error(
        "group {group} shows other tools an old position, it cannot be committed: {error}{}",
        rights(.error)
    )]
    Group {
        /// The group.
        group: TopicName,
        /// Why.
        error: KafkaError,
    },
}

fn rights(error: &KafkaError) -> &'static str {
    match error.code() {
        Some(ResponseError::TopicAuthorizationFailed | ResponseError::GroupAuthorizationFailed) => {
            "; grant Read on the group and on the target topics"
        }
        _ => "",
    }
}

/// Reads and writes one flow's state topic.
#[derive(Debug)]
pub struct StateTopic {
    target: Cluster,
    log: CompactedLog,
    /// What stands in the topic. Held while writing, so that records of one key keep their order.
    known: Mutex<Known>,
    /// What the group's offsets still have to be told.
    owed: Mutex<BTreeMap<TopicPartition, Commit>>,
    /// Held while they are told, so that an older position that is tried again does not follow a newer one.
    telling: Mutex<()>,
    /// Why partitions stopped, where that is not recorded yet.
    stopped: std::sync::Mutex<HashMap<TopicPartition, Trouble>>,
    /// The end that does not keep this run from copying.
    lifted: Option<Ended>,
}

#[derive(Debug, Default)]
struct Known {
    partitions: Partitions,
    whole: Whole,
    /// How far the topic was read.
    next: i64,
}

impl StateTopic {
    /// Makes sure the topic exists and reads it to its end. The end of the flow that is `lifted`, and no other,
    /// does not count.
    pub async fn open(
        target: &Cluster,
        flow: &FlowSettings,
        lifted: Option<Ended>,
    ) -> Result<Self, KafkaError> {
        let name = TopicName::new(format!("{NAME_PREFIX}{}", flow.name));
        let replication_factor = flow.provision.replication_factor.unwrap_or(-1);
        let log = CompactedLog::new(target.clone(), name, PATIENCE);
        log.ensure(replication_factor).await?;
        let state = Self {
            target: target.clone(),
            log,
            known: Mutex::default(),
            owed: Mutex::default(),
            telling: Mutex::default(),
            stopped: std::sync::Mutex::default(),
            lifted,
        };
        state.catch_up().await?;
        Ok(state)
    }

    /// Reads what was written since the last time, by us or by others.
    pub async fn catch_up(&self) -> Result<(), KafkaError> {
        let mut known = self.known.lock().await;
        let Known { partitions, whole, next } = &mut *known;
        let each = |key: &[u8], value: Option<&[u8]>, at_ms| {
            learn(partitions, key, value, at_ms);
            whole.learn(key, value);
        };
        *next = self.log.read(*next, each).await?;
        Ok(())
    }

    /// Returns who ended the flow, as of the last reading; an end that is lifted is none.
    pub async fn ended(&self) -> Option<Ended> {
        let ended = self.known.lock().await.whole.ended.clone();
        ended.filter(|ended| self.lifted.as_ref() != Some(ended))
    }

    /// Returns what is known of a source partition.
    pub async fn past(&self, partition: &TopicPartition) -> Past {
        self.known.lock().await.partitions.get(partition).cloned().unwrap_or_default()
    }

    /// Returns the source topics of which any partition was copied.
    pub async fn topics(&self) -> HashSet<TopicName> {
        let known = self.known.lock().await;
        let copied = known.partitions.iter().filter(|(_, past)| past.was_owned());
        copied.map(|(partition, _)| partition.topic.clone()).collect()
    }

    /// Records the producer ids, the maps and the first checkpoints of partitions, before their first batch.
    pub async fn begin(&self, starts: &[Begun]) -> Result<(), KafkaError> {
        let known = self.known.lock().await;
        let now_ms = now_ms();
        let mut pairs: Vec<Pair> = Vec::with_capacity(starts.len() * 3);
        let mut kept = Vec::with_capacity(starts.len());
        let mut gone = Vec::new();
        for Begun { cell, checkpoint, producer, map, gone: chunks } in starts {
            let (topic, partition) = (cell.source.topic.to_string(), cell.source.partition);
            let owner = Some(Owner::of_this_process(producer.epoch, now_ms));
            let value = Producer { v: 1, topic: topic.clone(), partition, owner };
            pairs.push((json(&Key::Producer { id: producer.id }), Some(json(&value))));
            self.stopped.lock().unwrap_or_else(PoisonError::into_inner).remove(&cell.source);
            if known.partitions.get(&cell.source).is_some_and(|past| past.stopped.is_some()) {
                gone.push((json(&Key::Stopped { topic: topic.clone(), partition }), None));
            }
            gone.extend(chunks.iter().map(|id| (map_key(&cell.source, *id), None)));
            kept.push(Kept {
                cell: cell.clone(),
                checkpoint: checkpoint.clone(),
                chunks: map.chunks(),
                skips: cell.lock().partition.skips().to_vec(),
            });
        }
        self.write(known, pairs, kept, gone).await
    }

    /// Keeps the positions of all started partitions that have moved: in the topic, then as the
    /// group's offsets.
    pub async fn keep(&self, cells: &[Arc<PartitionCell>]) -> Result<(), KeepError> {
        let known = self.known.lock().await;
        let is_known = |kept: &Kept| {
            let past = known.partitions.get(&kept.cell.source);
            kept.skips.is_empty() && past.and_then(|past| past.checkpoint.as_ref()) == Some(&kept.checkpoint)
        };
        let moved = cells.iter().filter_map(Kept::of).map(|mut kept| {
            // An end seen before this start is still the last one seen.
            let checkpoint = &mut kept.checkpoint;
            let past = known.partitions.get(&kept.cell.source).and_then(|past| past.checkpoint.as_ref());
            checkpoint.source_end = checkpoint.source_end.or(past.and_then(|past| past.source_end));
            kept
        });
        let moved = moved.filter(|kept| !is_known(kept)).collect();
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let told = |(partition, trouble): (&TopicPartition, &Trouble)| {
            let (topic, partition) = (partition.topic.to_string(), partition.partition);
            (json(&Key::Stopped { topic, partition }), Some(json(trouble)))
        };
        let pairs = stopped.iter().map(told).collect();
        self.write(known, pairs, moved, Vec::new()).await?;
        // What stopped again meanwhile is still to be recorded.
        let is_new =
            |partition: &TopicPartition, trouble: &mut Trouble| stopped.get(partition) != Some(trouble);
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).retain(is_new);
        self.commit().await.map_err(|error| KeepError::Group { group: self.log.topic().clone(), error })
    }

    /// Has the cause of a stop recorded with the next progress. One whose partition another process took
    /// over is not ours to tell.
    pub fn note_stopped(&self, partition: &TopicPartition, cause: &StopCause) {
        if !matches!(cause, StopCause::Fenced | StopCause::Ended(_)) {
            let trouble = Trouble::of(cause, now_ms());
            let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
            stopped.insert(partition.clone(), trouble);
        }
    }

    /// Commits the group's offsets; what fails is tried again with the next.
    async fn commit(&self) -> Result<(), KafkaError> {
        let _turn = self.telling.lock().await;
        let owed = std::mem::take(&mut *self.owed.lock().await);
        if owed.is_empty() {
            return Ok(());
        }
        let commits: Vec<Commit> = owed.values().cloned().collect();
        let group = self.log.topic().as_str();
        let done = self.target.retrying(PATIENCE, || groups::commit(&self.target, group, &commits)).await;
        if done.is_err() {
            // Newer positions that came meanwhile stand.
            let mut now = self.owed.lock().await;
            let newer = std::mem::replace(&mut *now, owed);
            now.extend(newer);
        }
        done
    }

    /// Writes `pairs`, then what is kept, then what is `gone`: what a checkpoint rests on stands before it.
    async fn write(
        &self,
        mut known: MutexGuard<'_, Known>,
        mut pairs: Vec<Pair>,
        kept: Vec<Kept>,
        gone: Vec<Pair>,
    ) -> Result<(), KafkaError> {
        let now_ms = now_ms();
        let mut commits = Vec::with_capacity(kept.len());
        for Kept { cell, checkpoint, chunks, skips } in &kept {
            let (topic, partition) = (|| cell.source.topic.to_string(), cell.source.partition);
            for (from, cause) in skips {
                let key = Key::Skipped { topic: topic(), partition, from: from.0 };
                pairs.push((json(&key), Some(json(&Trouble::of(cause, now_ms)))));
            }
            let bytes = chunks.iter().map(|(id, chunk)| (map_key(&cell.source, *id), Some(chunk.encode())));
            pairs.extend(bytes);
            pairs.push((json(&Key::Checkpoint { topic: topic(), partition }), Some(json(checkpoint))));
            commits.push(Commit {
                partition: cell.target.clone(),
                offset: TargetOffset(checkpoint.target_next),
                metadata: format!("source_next={}", checkpoint.source_next),
            });
        }
        pairs.extend(gone);
        if pairs.is_empty() {
            return Ok(());
        }
        self.log.append(&pairs, now_ms).await?;
        for (key, value) in &pairs {
            learn(&mut known.partitions, key, value.as_deref(), now_ms);
        }
        for Kept { cell, chunks, skips, .. } in kept {
            let mut state = cell.lock();
            state.partition.forget_skips(skips.len());
            if let Some((open, _)) = chunks.last() {
                state.partition.map().written(*open);
            }
            drop(state);
            if !skips.is_empty() {
                // What waited behind them may go.
                cell.enqueue_if_ready(Instant::now());
            }
        }
        let mut owed = self.owed.lock().await;
        owed.extend(commits.into_iter().map(|commit| (commit.partition.clone(), commit)));
        Ok(())
    }
}

fn map_key(partition: &TopicPartition, id: ChunkId) -> Vec<u8> {
    let (topic, partition) = (partition.topic.to_string(), partition.partition);
    json(&Key::Map { topic, partition, owner: id.owner, number: id.number })
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

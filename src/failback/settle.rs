//! What becomes of the records that the old source has and the target never got; recorded, so that an
//! interrupted failback goes on where it was.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::error::FailbackError;
use super::export;
use super::state::{State, record};
use super::survey::{Survey, Surveyed, Wide};
use crate::config::settings::{FlowSettings, OnLoss, StartAt};
use crate::engine::cell::PartitionCell;
use crate::engine::compacted_log::Pair;
use crate::engine::ended::EndedPartition;
use crate::engine::event::Event;
use crate::engine::failback_records::{Fate, Returning, Settled, VERSION};
use crate::engine::partition::Phase;
use crate::engine::state_records::{Key, Trouble, json};
use crate::engine::supervisor::{Flow, RunMode};
use crate::failover::drain::DrainError;
use crate::failover::source::now_ms;
use crate::types::TopicPartition;

/// Says what is to become of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The flow that was ended copies them behind what the target got meanwhile.
    Append,
    /// They stay where they are.
    Leave,
    /// They are written to files in this folder, and stay where they are.
    Export(PathBuf),
}

impl Choice {
    /// Returns what is recorded of it.
    pub fn fate(&self) -> Fate {
        match self {
            Self::Append => Fate::Append,
            Self::Leave => Fate::Leave,
            Self::Export(_) => Fate::Export,
        }
    }
}

/// Settles what is not settled yet. Returns the files that were written.
pub async fn settle(
    wide: &Wide<'_>,
    state: &mut State,
    survey: &Survey,
    choice: Option<&Choice>,
    events: &mpsc::Sender<Event>,
) -> Result<Vec<export::Exported>, FailbackError> {
    let open: Vec<&Surveyed> = survey.partitions.iter().filter(|one| one.settled.is_none()).collect();
    let (records, partitions) = survey.open();
    let begun = returning(state, wide.ended.begun_ms);
    let fate = match (begun.as_ref().map(|begun| begun.fate), choice.map(Choice::fate)) {
        (Some(begun), Some(asked)) if begun != asked && begun != Fate::None && records > 0 => {
            return Err(FailbackError::DecidedOtherwise(begun));
        }
        (_, Some(asked)) => asked,
        // Where the files go has to be said again.
        (Some(begun), None) if begun != Fate::Export => begun,
        _ => Fate::None,
    };
    if records > 0 && fate == Fate::None {
        return Err(FailbackError::Undecided { records, partitions });
    }
    begin(wide, state, &open, fate).await?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    if fate == Fate::Append && records > 0 {
        let cells = append(wide, survey, events).await?;
        let pairs = open.iter().map(|one| appended(wide, one, cells.get(&one.source))).collect::<Vec<_>>();
        state.append(&pairs).await?;
        return Ok(Vec::new());
    }
    let exported = match choice {
        Some(Choice::Export(folder)) if records > 0 => export::write(wide, &open, folder).await?,
        _ => Vec::new(),
    };
    let pairs: Vec<Pair> = open.iter().flat_map(|one| left(wide, one, fate)).collect();
    state.append(&pairs).await?;
    Ok(exported)
}

/// Returns the record of a failback from this end of the flow.
pub fn returning(state: &State, of_ms: i64) -> Option<Returning> {
    state.known().whole.returning.clone().filter(|returning| returning.of_ms == of_ms)
}

/// Records what was chosen, and the exact places where the flow was left: what is copied from now on stands
/// behind them.
async fn begin(
    wide: &Wide<'_>,
    state: &mut State,
    open: &[&Surveyed],
    fate: Fate,
) -> Result<(), FailbackError> {
    let mut pairs = Vec::new();
    for one in open {
        let known = state.past(&one.source).ended.filter(|ended| ended.source_next.is_some());
        let Some(known) = known.filter(|ended| !ended.is_exact) else { continue };
        let exact = EndedPartition { source_next: Some(one.source_next), is_exact: true, ..known };
        let key = |topic, partition| Key::EndedPartition { topic, partition };
        pairs.push(record(key, &one.source, Some(&exact)));
    }
    let of_ms = wide.ended.begun_ms;
    if returning(state, of_ms).is_none_or(|known| known.fate != fate && !open.is_empty()) {
        let returning = Returning { v: VERSION, of_ms, fate, is_reopening: false };
        pairs.push((json(&Key::Returning), Some(json(&returning))));
    }
    if !pairs.is_empty() {
        state.append(&pairs).await?;
    }
    Ok(())
}

fn settled(wide: &Wide<'_>, one: &Surveyed, fate: Fate) -> Settled {
    Settled {
        v: VERSION,
        of_ms: wide.ended.begun_ms,
        fate,
        records: one.stranded.records,
        until: one.source_end.max(one.source_next),
        appended_until: None,
    }
}

fn settled_record(one: &Surveyed, settled: &Settled) -> Pair {
    record(|topic, partition| Key::Settled { topic, partition }, &one.source, Some(settled))
}

/// Says that a partition's records stay at the old source, where it has any.
fn left(wide: &Wide<'_>, one: &Surveyed, fate: Fate) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut skip = |from: i64, to: i64, code: &str, cause: String| {
        let hint = None;
        let code = code.to_owned();
        let to = Some(to);
        let trouble = Trouble { v: 1, at_ms: now_ms(), code, cause, hint, is_loss: true, to, cut: None };
        let key = |topic, partition| Key::Skipped { topic, partition, from };
        pairs.push(record(key, &one.source, Some(&trouble)));
    };
    if let Some((from, to)) = one.missing {
        let cause = format!("source offsets {from} to {to} were gone when the flow was failed back");
        skip(from, to, "gap", cause);
    }
    let has_any = one.stranded.records > 0;
    if let (true, Some(first), Some(last)) = (has_any, one.stranded.first, one.stranded.last) {
        let records = one.stranded.records;
        let cause =
            format!("{records} records stay at the source alone: strait failback --stranded {}", fate.word());
        skip(first, last, "stranded", cause);
    }
    let fate = if has_any { fate } else { Fate::None };
    pairs.push(settled_record(one, &settled(wide, one, fate)));
    pairs
}

/// Says where a partition's records were appended.
fn appended(wide: &Wide<'_>, one: &Surveyed, cell: Option<&Arc<PartitionCell>>) -> Pair {
    let mut settled = settled(wide, one, Fate::Append);
    if let Some(cell) = cell {
        let cell = cell.lock();
        settled.until = cell.partition.copied().0;
        let has_any = one.stranded.records > 0 || cell.partition.totals().records > 0;
        settled.appended_until = has_any.then(|| cell.partition.target_next().0);
    }
    settled_record(one, &settled)
}

/// Runs the flow that was ended up to the old source's end.
async fn append(
    wide: &Wide<'_>,
    survey: &Survey,
    events: &mpsc::Sender<Event>,
) -> Result<HashMap<TopicPartition, Arc<PartitionCell>>, FailbackError> {
    let mut flow = FlowSettings { is_shared: false, ..wide.flow.clone() };
    flow.topics = flow.topics.without(survey.left_out.iter().map(|left| left.topic.as_str()));
    // What is gone at the old source was told, and nothing can bring it back.
    flow.policy.on_gap = OnLoss::Skip;
    if flow.start == StartAt::Latest {
        flow.start = StartAt::Earliest;
    }
    let clusters = (wide.source.clone(), wide.target.clone());
    let run = Flow::new(flow, RunMode::Once, clusters, events.clone()).lifting(wide.ended.clone());
    // Held until the run ends by itself.
    let (_stop, stopping) = watch::channel(false);
    let cells = run.run(stopping).await.map_err(DrainError::Flow)?;
    let mut stopped = Vec::new();
    let mut copied = HashMap::new();
    for cell in cells {
        let phase = cell.lock().partition.phase().clone();
        match phase {
            Phase::Stopped(cause) => stopped.push((cell.source.clone(), cause)),
            _ => drop(copied.insert(cell.source.clone(), cell)),
        }
    }
    if stopped.is_empty() { Ok(copied) } else { Err(DrainError::Stopped(stopped).into()) }
}

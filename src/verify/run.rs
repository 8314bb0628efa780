//! A whole flow compared: pieces of many partitions side by side.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};

use super::finding::{Finding, Tally};
use super::gather::Gathered;
use super::plan::{Piece, RANGE_OFFSETS, SAMPLE_OFFSETS, Sample};
use super::read::{READ_BYTES, ReadError};
use super::scan::Progress;

/// Answers held in memory for each piece: at both ends one compared, one waiting and one on its way.
const ANSWERS_HELD: usize = 6;
/// Pieces compared at once, whatever the memory.
const AT_ONCE_MAX: usize = 8;

/// One piece of one partition, by its index among the facts.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which partition.
    pub index: usize,
    /// Which piece.
    pub piece: Piece,
}

/// Holds how one piece came out.
#[derive(Debug)]
pub struct Outcome {
    /// The piece.
    pub job: Job,
    /// What was found, or why it could not be read.
    pub found: Result<(Tally, Vec<Finding>), ReadError>,
}

/// Cuts what was gathered into pieces; with a sample, only those it takes. What cannot be cut is whole.
pub async fn jobs(gathered: &Gathered, sample: Option<Sample>) -> Result<Vec<Job>, ReadError> {
    let every = if sample.is_some() { SAMPLE_OFFSETS } else { RANGE_OFFSETS };
    let mut jobs = Vec::new();
    for (index, facts) in gathered.facts.iter().enumerate() {
        let begin = facts.begin();
        let mut cuts = facts.cuts(begin, every);
        if let Some(sample) = sample {
            // Only the cuts at either end of a piece that is taken are needed.
            let pieces = facts.pieces(begin, &cuts);
            let is_taken = |piece: &Piece| sample.takes(&facts.source, piece);
            let ends = |cut: &crate::engine::offset_map::Pair| {
                let touches =
                    |piece: &&Piece| piece.source.start == cut.source || piece.source.end == cut.source;
                pieces.iter().filter(touches).any(is_taken)
            };
            let needed: Vec<_> = cuts.iter().copied().filter(ends).collect();
            let sound = gathered.ends.sound_cuts(facts, needed.clone(), None).await?;
            // A piece whose ends are not sound is compared together with its neighbours.
            cuts.retain(|cut| !needed.contains(cut) || sound.contains(cut));
            let pieces = facts.pieces(begin, &cuts);
            let is_whole = cuts.is_empty();
            let taken = pieces.into_iter().filter(|piece| is_whole || sample.takes(&facts.source, piece));
            jobs.extend(taken.map(|piece| Job { index, piece }));
            continue;
        }
        let cuts = gathered.ends.sound_cuts(facts, cuts, Some(begin)).await?;
        jobs.extend(facts.pieces(begin, &cuts).into_iter().map(|piece| Job { index, piece }));
    }
    Ok(jobs)
}

/// Compares pieces, several at once, until all are done or `stop` says so; tells each as it is done.
pub async fn compare(
    gathered: Arc<Gathered>,
    jobs: Vec<Job>,
    memory_bytes: usize,
    progress: Arc<Progress>,
    mut stop: watch::Receiver<bool>,
    done: mpsc::Sender<Outcome>,
) {
    let per_piece = ANSWERS_HELD * usize::try_from(READ_BYTES).unwrap_or(usize::MAX);
    let at_once = (memory_bytes / per_piece).clamp(1, AT_ONCE_MAX);
    let compared = jobs.into_iter().map(|job| {
        let (gathered, progress) = (gathered.clone(), progress.clone());
        // A task of its own: decoding one piece does not hold up the others.
        let task = async move {
            let facts = &gathered.facts[job.index];
            let found = gathered.ends.compare(facts, &job.piece, &progress).await;
            Outcome { job, found }
        };
        async { tokio::spawn(task).await }
    });
    let mut compared = std::pin::pin!(futures_util::stream::iter(compared).buffer_unordered(at_once));
    loop {
        let outcome = tokio::select! {
            outcome = compared.next() => outcome,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        // A task is not aborted here, so what ends it early is a defect, and is told as one by whoever
        // counts the pieces.
        let Some(Ok(outcome)) = outcome else { return };
        if done.send(outcome).await.is_err() {
            return;
        }
    }
}

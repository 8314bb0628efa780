//! What is written down of a drill beside the application's ledger, and told while it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::told::{Done, Mark, Phase, Sample, Told};
use crate::drill::ledger::Ledger;
use crate::engine::event::{Event, StopCause};
use crate::engine::partition::Phase as CopyPhase;
use crate::engine::supervisor::FlowView;

/// How often the timeline gets a moment.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(250);

/// Writes down, and tells.
#[derive(Clone, Debug)]
pub struct Record {
    ledger: Arc<Ledger>,
    told: mpsc::Sender<Told>,
    kept: Arc<Mutex<Kept>>,
}

/// Samples that are taken until this is dropped.
#[derive(Debug)]
pub struct Sampling(JoinHandle<()>);

impl Drop for Sampling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What was written down.
#[derive(Debug, Default)]
pub struct Kept {
    /// Stretches that are over.
    pub phases: Vec<Done>,
    /// The timeline's moments.
    pub marks: Vec<Mark>,
    /// What was to be seen, over time.
    pub samples: Vec<Sample>,
    /// Partitions whose copying stopped for good, each with the cause.
    pub stopped: Vec<(String, String)>,
    view: Option<FlowView>,
}

impl Record {
    /// Opens an empty one.
    pub fn new(ledger: Arc<Ledger>, told: mpsc::Sender<Told>) -> Self {
        Self { ledger, told, kept: Arc::default() }
    }

    /// Begins a stretch; returns when that was.
    pub async fn begin(&self, phase: Phase) -> Duration {
        self.tell(Told::Begun(phase)).await;
        self.ledger.now()
    }

    /// Ends a stretch.
    pub async fn done(&self, phase: Phase, began: Duration, words: impl Into<String>) {
        self.over(phase, began, words.into(), true).await;
    }

    /// Ends a stretch that did not come to its end.
    pub async fn broken(&self, phase: Phase, began: Duration, words: impl Into<String>) {
        self.over(phase, began, words.into(), false).await;
    }

    async fn over(&self, phase: Phase, began: Duration, words: String, is_good: bool) {
        let took = self.ledger.now().saturating_sub(began);
        let done = Done { phase, began, took, words, is_good };
        self.lock().phases.push(done.clone());
        self.tell(Told::Done(done)).await;
    }

    /// Marks this moment in the timeline.
    pub async fn mark(&self, words: impl Into<String>) {
        let mark = Mark { at: self.ledger.now(), words: words.into() };
        self.lock().marks.push(mark.clone());
        self.tell(Told::Marked(mark)).await;
    }

    /// Looks at this copy from now on; `None` where none runs.
    pub fn look_at(&self, view: Option<FlowView>) {
        self.lock().view = view;
    }

    /// Takes out what was written down.
    pub fn take(&self) -> Kept {
        std::mem::take(&mut *self.lock())
    }

    async fn tell(&self, told: Told) {
        // A listener that went away needs no telling.
        let _ = self.told.send(told).await;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a sample again and again, until what it returns is dropped.
    pub fn sample(&self) -> Sampling {
        let this = self.clone();
        Sampling(tokio::spawn(async move {
            let mut due = tokio::time::interval(SAMPLE_INTERVAL);
            loop {
                due.tick().await;
                let total = this.ledger.total();
                let behind = this.lock().view.as_ref().and_then(behind);
                let (produced, processed) = (total.acknowledged, total.processed);
                let sample = Sample { at: this.ledger.now(), produced, processed, behind };
                this.lock().samples.push(sample);
                this.tell(Told::Seen(sample)).await;
            }
        }))
    }

    /// Notes what a copy tells of partitions that stop; being fenced out is what a failover is for.
    pub async fn note_events(self, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            if let Event::Stopped { partition, cause } = event
                && !matches!(cause, StopCause::Fenced | StopCause::Ended(_))
            {
                self.lock().stopped.push((partition.to_string(), cause.to_string()));
                self.mark(format!("{partition} stopped: {cause}")).await;
            }
        }
    }
}

/// Counts what a copy is behind; `None` where one of its partitions does not know.
fn behind(view: &FlowView) -> Option<u64> {
    let cells = view.cells.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
    let one = |cell: &Arc<crate::engine::cell::PartitionCell>| {
        let state = cell.lock();
        let copy = &state.partition;
        if matches!(copy.phase(), CopyPhase::Starting | CopyPhase::Stopped(_)) {
            return None;
        }
        u64::try_from(copy.source_end()?.0.saturating_sub(copy.copied().0)).ok()
    };
    cells.iter().map(one).sum()
}

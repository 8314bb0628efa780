//! How a run ended: the exit code, where every partition stands, and what went wrong.

use std::sync::Arc;
use std::time::Instant;

use crate::engine::cell::PartitionCell;
use crate::engine::partition::Phase;
use crate::exit::Exit;
use crate::report::positions::FinalPosition;
use crate::report::problem::{Problem, Scope};
use crate::report::reporter::stop_problem;

/// Holds how one flow ended.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) positions: Vec<FinalPosition>,
    pub(super) problems: Vec<Problem>,
}

impl Ended {
    /// Ends a flow that never ran.
    pub(super) fn failed(exit: Exit, problem: Problem) -> Self {
        Self { exit, positions: Vec::new(), problems: vec![problem] }
    }

    /// Sums up the partitions of a flow as they stand at its end.
    pub(super) fn at(flow: &str, cells: &[Arc<PartitionCell>]) -> Self {
        let mut ended = Self::default();
        let now = Instant::now();
        for cell in cells {
            let state = cell.lock();
            let copy = &state.partition;
            let scope = || Scope::Partition { flow: flow.to_owned(), partition: cell.source.to_string() };
            let trouble = copy.failing(now).map(|trouble| trouble.cause.clone());
            let (exit, word, problem) = match (copy.phase(), trouble) {
                (Phase::Stopped(cause), _) => {
                    let exit = if cause.is_loss() { Exit::Bad } else { Exit::Failed };
                    (exit, "stopped", Some(stop_problem(flow, &[&cell.source], cause)))
                }
                (Phase::Starting, _) => {
                    let what = format!("{} was not started", cell.source);
                    (Exit::Failed, "starting", Some(Problem::new("not_started", scope(), what)))
                }
                (_, Some(cause)) => {
                    let what = format!("{} was failing when the run ended", cell.source);
                    (Exit::Failed, "failing", Some(Problem::new("failing", scope(), what).cause(cause)))
                }
                (Phase::Finished, None) => (Exit::Done, "finished", None),
                (Phase::Copying, None) if copy.source_end().is_some_and(|end| copy.copied() >= end) => {
                    (Exit::Done, "caught_up", None)
                }
                (Phase::Copying, None) => (Exit::Done, "copying", None),
            };
            ended.exit = worse(ended.exit, exit);
            ended.problems.extend(problem);
            let known = *copy.phase() != Phase::Starting && copy.producer().is_some();
            ended.positions.push(FinalPosition {
                flow: flow.to_owned(),
                topic: cell.source.topic.to_string(),
                partition: cell.source.partition,
                source_next: known.then(|| copy.copied().0),
                target_next: known.then(|| copy.target_next().0),
                records: copy.totals().records,
                bytes: copy.totals().bytes,
                passed_through: copy.totals().passed_through,
                reencoded: copy.totals().reencoded,
                state: word.to_owned(),
            });
        }
        ended
    }

    /// Takes another flow's end in.
    pub(super) fn add(&mut self, other: Self) {
        self.exit = worse(self.exit, other.exit);
        self.positions.extend(other.positions);
        self.problems.extend(other.problems);
    }
}

/// Returns the exit that says more: loss before failure before all others.
fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Bad => 3,
        Exit::Failed => 2,
        Exit::Usage => 1,
        _ => 0,
    };
    if rank(b) > rank(a) { b } else { a }
}

//! Telling a drill while it is played: a line for each stretch, and on a terminal a line that moves.

use tokio::sync::mpsc;

use crate::drill::play::plan::Plan;
use crate::drill::play::told::{Done, Told};
use crate::report::drill_bar::DrillBar;
use crate::report::output::Output;

/// Tells until the drill is over; returns the stretches it had.
pub(super) async fn tell(output: Output, plan: Plan, mut told: mpsc::Receiver<Told>) -> Vec<Done> {
    let bar = DrillBar::new(&output);
    bar.opened(&plan);
    let mut phases = Vec::new();
    while let Some(told) = told.recv().await {
        bar.tell(&told);
        if let Told::Done(done) = told {
            phases.push(done);
        }
    }
    bar.clear();
    phases
}

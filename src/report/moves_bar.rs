//! How far moves of replicas are: a line drawn over itself on a terminal, words at each tenth elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{Format, Output};
use super::topics_findings::plural;
use crate::provision::moves::Progress;

/// How often the line is drawn anew where nothing is told: its clock shows that somebody watches.
const TICK: Duration = Duration::from_millis(200);

/// Tells progress.
pub struct MovesBar {
    output: Output,
    bar: ProgressBar,
    told: AtomicUsize,
}

impl MovesBar {
    /// Begins silently: the first thing told makes it show.
    pub fn new(output: &Output) -> Self {
        let bar =
            if output.is_animated() { output.bars().add(ProgressBar::new(0)) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("moving replicas {bar:24} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        Self { output: output.clone(), bar, told: AtomicUsize::new(0) }
    }

    /// Tells how far they are.
    pub fn tell(&self, progress: Progress) {
        let Progress { done, of } = progress;
        if self.output.is_animated() {
            if self.bar.length() != Some(of as u64) {
                self.bar.set_length(of as u64);
                self.bar.enable_steady_tick(TICK);
            }
            self.bar.set_position(done as u64);
            return;
        }
        let tenth = 1 + done * 10 / of.max(1);
        if self.told.swap(tenth, Ordering::Relaxed) != tenth && self.output.format() == Format::Text {
            let text = format!("moving replicas: {done} of {} done", plural(of, "partition"));
            self.output.say(&text);
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

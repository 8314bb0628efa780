//! How far a drill is: a line for each stretch when it is over, and on a terminal one that moves until then.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::drill::text::phase_line;
use super::human::or_unknown;
use super::output::{Format, Output};
use crate::drill::play::plan::Plan;
use crate::drill::play::told::{Phase, Sample, Told};

/// How often the moving line is drawn anew: its clock shows that somebody watches.
const TICK: Duration = Duration::from_millis(100);

/// Tells progress.
#[derive(Debug)]
pub struct DrillBar {
    output: Output,
    bar: ProgressBar,
}

impl DrillBar {
    /// Begins silently.
    pub fn new(output: &Output) -> Self {
        let bar = if output.is_animated() {
            output.bars().add(ProgressBar::new_spinner())
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(" {prefix:10} {elapsed:>6}  {spinner} {wide_msg}") {
            bar.set_style(style);
        }
        Self { output: output.clone(), bar }
    }

    /// Says what is going to be rehearsed, and under which names.
    pub fn opened(&self, plan: &Plan) {
        let Plan { id, scenario, source, target, seed, .. } = plan;
        self.say(&format!(
            "Drill {id}: {} from {} to {}, seed {seed:x}.",
            scenario.name(),
            source.alias,
            target.alias
        ));
    }

    /// Tells something.
    pub fn tell(&self, told: &Told) {
        match told {
            Told::Begun(phase) => self.begun(*phase),
            Told::Done(done) => self.say(&phase_line(done, self.output.stderr_style())),
            Told::Marked(_) => {}
            Told::Seen(sample) => self.bar.set_message(seen(sample)),
        }
    }

    /// Takes the moving line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn begun(&self, phase: Phase) {
        if self.output.is_animated() {
            self.bar.reset_elapsed();
            self.bar.set_prefix(phase.word());
            self.bar.enable_steady_tick(TICK);
        }
    }

    fn say(&self, text: &str) {
        if self.output.format() == Format::Text {
            self.output.say(text);
        }
    }
}

fn seen(sample: &Sample) -> String {
    let behind = or_unknown(sample.behind, |behind| behind.to_string());
    format!("{} acknowledged, {} processed, copy behind {behind}", sample.produced, sample.processed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_a_copy_that_does_not_know_is_not_shown_as_caught_up() {
        let at = Duration::ZERO;
        let sample = Sample { at, produced: 10, processed: 9, behind: None };
        assert_eq!(seen(&sample), "10 acknowledged, 9 processed, copy behind -");
    }
}

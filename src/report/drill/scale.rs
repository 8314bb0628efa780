//! Round numbers for the axes of a drawing.

use crate::report::human::real;

/// Lengths of time that people count in, in seconds.
const ROUND_SECONDS: [u32; 15] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

/// Returns round counts from 0 to `most` or a little above, with their labels.
pub(super) fn counts(most: u64, parts: u32) -> Vec<(f64, String)> {
    let rough = (real(most) / f64::from(parts)).max(1.0);
    let power = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough - 1e-9);
    let step = step.unwrap_or(rough);
    steps(step, (real(most) / step).ceil().max(1.0)).map(|at| (at, label(at))).collect()
}

/// Returns round times from 0 to `end` seconds, with their labels.
pub(super) fn times(end: f64, parts: u32) -> Vec<(f64, String)> {
    let rough = end / f64::from(parts);
    let step = ROUND_SECONDS.into_iter().map(f64::from).find(|step| *step >= rough);
    let step = step.unwrap_or_else(|| (rough / 86_400.0).ceil() * 86_400.0);
    steps(step, (end / step).floor()).map(|at| (at, time(at, step))).collect()
}

fn steps(step: f64, last: f64) -> impl Iterator<Item = f64> {
    (0_u32..).map(f64::from).take_while(move |number| *number <= last).map(move |number| number * step)
}

/// Writes a round count without digits that say nothing.
fn label(at: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let unit = units.into_iter().find(|(unit, _)| at >= *unit);
    unit.map_or_else(|| format!("{at:.0}"), |(unit, word)| format!("{}{word}", at / unit))
}

fn time(at: f64, step: f64) -> String {
    match step {
        step if step < 60.0 => format!("{at:.0} s"),
        step if step < 3600.0 => format!("{:.0} min", at / 60.0),
        _ => format!("{:.0} h", at / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[(f64, String)]) -> Vec<&str> {
        ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn axes_have_few_round_numbers() {
        assert_eq!(labels(&counts(0, 4)), ["0", "1"]);
        assert_eq!(labels(&counts(3, 4)), ["0", "1", "2", "3"]);
        assert_eq!(labels(&counts(15_575, 4)), ["0", "5k", "10k", "15k", "20k"]);
        assert_eq!(labels(&times(27.3, 8)), ["0 s", "5 s", "10 s", "15 s", "20 s", "25 s"]);
        assert_eq!(labels(&times(400.0, 8)), ["0 min", "1 min", "2 min", "3 min", "4 min", "5 min", "6 min"]);
        for most in [1, 7, 99, 100, 101, 12_345, u64::MAX / 2] {
            let ticks = counts(most, 4);
            assert!(
                ticks.len() <= 6 && ticks.last().is_some_and(|(last, _)| *last >= real(most)),
                "{ticks:?}"
            );
        }
        for end in [0.1, 3.0, 59.0, 61.0, 86_400.0, 1e7] {
            assert!(times(end, 8).len() <= 9, "{end}: {:?}", times(end, 8));
        }
    }
}

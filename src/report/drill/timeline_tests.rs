#![allow(clippy::unwrap_used)]

use super::*;
use crate::drill::evidence::Evidence;
use crate::drill::oracle::Findings;
use crate::drill::play::told::Phase;
use crate::drill::verdict::Judged;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn mark(millis: u64, words: &str) -> Mark {
    Mark { at: at(millis), words: words.to_owned() }
}

fn played(samples: Vec<Sample>, marks: Vec<Mark>) -> Played {
    let done =
        Done { phase: Phase::Produce, began: at(0), took: at(60_000), words: String::new(), is_good: true };
    Played {
        evidence: Evidence::default(),
        findings: Findings::default(),
        judged: Judged { promises: Vec::new() },
        phases: vec![done],
        marks,
        samples,
    }
}

fn sample(millis: u64, behind: Option<u64>) -> Sample {
    Sample { at: at(millis), produced: millis, processed: millis / 2, behind }
}

/// Returns the places of a path's points, a list for each stretch without a break.
fn stretches(path: &str) -> Vec<Vec<(f64, f64)>> {
    let number = |text: &str| text.trim_end_matches("h0.1").parse::<f64>().unwrap();
    let point = |text: &str| {
        let (x, y) = text.split_once(' ').unwrap();
        (number(x), number(y))
    };
    path.split('M').skip(1).map(|stretch| stretch.split('L').map(point).collect()).collect()
}

#[test]
fn g11_where_it_is_unknown_how_far_the_copy_was_behind_there_is_no_line() {
    let behind = [Some(10), Some(20), None, Some(5), None, None, Some(0), Some(0)];
    let samples = behind.into_iter().enumerate();
    let samples = samples.map(|(number, behind)| sample(number as u64 * 8000, behind)).collect();
    let drawing = Timeline::new(&played(samples, Vec::new()));
    let stretches = stretches(&drawing.lower.paths[0]);
    assert_eq!(stretches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 2]);
    assert_eq!(stretches[2][0].1, drawing.lower.bottom, "a known 0 is drawn");
    assert!(drawing.description.contains("at most 20 records behind where that is known"));
    let drawing = Timeline::new(&played(vec![sample(0, None), sample(9, None)], Vec::new()));
    assert_eq!(drawing.lower.paths, [""; 0]);
    assert!(drawing.description.contains("behind is not known"));
}

#[test]
fn a_long_drill_keeps_its_peaks_and_its_gaps() {
    let behind = |number: u64| match number {
        5_000 => Some(999),
        7_001 => None,
        _ => Some(1),
    };
    let samples = (0..14_400).map(|number| sample(number * 250, behind(number))).collect();
    let drawing = Timeline::new(&played(samples, Vec::new()));
    let stretches = stretches(&drawing.lower.paths[0]);
    let points: usize = stretches.iter().map(Vec::len).sum();
    assert!(points <= 820, "{points}");
    assert_eq!(stretches.len(), 2, "one moment unknown breaks the line");
    let highest = stretches.iter().flatten().map(|(_, y)| *y).fold(f64::MAX, f64::min);
    assert!(highest < drawing.lower.top + 2.0, "{highest}");
}

#[test]
fn labels_do_not_overlap_and_no_line_crosses_one() {
    let moments = [0, 100, 150, 9_000, 9_050, 9_300, 14_000, 30_000, 30_001, 30_002, 59_000, 59_900, 60_000];
    let words = ["source region lost", "group moved", "first record processed", "link cut", "healed"];
    let words = words.into_iter().cycle();
    let marks: Vec<Mark> =
        moments.into_iter().zip(words).map(|(millis, words)| mark(millis, words)).collect();
    let drawing = Timeline::new(&played(Vec::new(), marks));
    let label = |flag: &Flag| (flag.x, flag.x + width_of(flag.label.as_deref().unwrap()), flag.y);
    for (number, flag) in drawing.marks.iter().enumerate() {
        let (from, to, y) = label(flag);
        assert!(to <= drawing.width, "{flag:?} in {}", drawing.width);
        assert!(y + ROW_HEIGHT <= drawing.upper.top, "{flag:?}");
        for other in drawing.marks.iter().skip(number + 1) {
            let (other_from, _, other_y) = label(other);
            assert!(other_from >= from);
            assert!(other_from >= to || other_y > y, "{flag:?} meets {other:?}");
        }
    }
}

#[test]
fn too_many_moments_keep_their_lines_and_lose_their_labels() {
    let marks = (0..40)
        .map(|number| mark(5_000 + number, "orders[3] stopped: \x1b[31m a very long cause indeed"))
        .collect();
    let drawing = Timeline::new(&played(Vec::new(), marks));
    let labelled = drawing.marks.iter().filter(|flag| flag.label.is_some()).count();
    assert_eq!((drawing.marks.len(), labelled), (40, ROWS_MAX));
    assert!(drawing.marks.iter().all(|flag| !flag.words.contains('\x1b')));
}

#[test]
fn a_drill_without_anything_is_drawn_too() {
    let nothing = Played { phases: Vec::new(), ..played(Vec::new(), Vec::new()) };
    let drawing = Timeline::new(&nothing);
    assert_eq!(drawing.upper.paths, ["", ""]);
    assert!(drawing.description.contains("nothing was sampled"));
}

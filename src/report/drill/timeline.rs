//! The timeline of a rehearsal, as places on a drawing: what was produced and processed, how far the copy was behind,
//! the phases as bands, and the moments with labels that do not overlap. The page's template draws it.

use std::time::Duration;

use serde::Serialize;

use super::{plain, scale};
use crate::drill::play::played::Played;
use crate::drill::play::told::{Done, Mark, Sample};
use crate::report::human::{fit, real};

/// Where the plot begins and how wide it is.
const LEFT: f64 = 62.0;
const PLOT_WIDTH: f64 = 816.0;
/// What is free at the right of it, at least.
const RIGHT: f64 = 16.0;
/// Height of the phases' names, and of one row of labels.
const NAMES_HEIGHT: f64 = 20.0;
const ROW_HEIGHT: f64 = 15.0;
/// Rows of labels; what has no room there is drawn without one.
const ROWS_MAX: usize = 9;
/// Heights of the plots, and of the gap between and below them.
const UPPER_HEIGHT: f64 = 210.0;
const LOWER_HEIGHT: f64 = 110.0;
const GAP: f64 = 34.0;
const AXIS_HEIGHT: f64 = 40.0;
/// Width of a letter of a label, rather more than less.
const LETTER: f64 = 6.3;
/// Letters of a label.
const LETTERS_MAX: usize = 34;
/// Ticks of an axis, about.
const COUNT_TICKS: u32 = 4;
const TIME_TICKS: u32 = 9;
/// Holds the drawing.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    description: String,
    bands: Vec<Band>,
    marks: Vec<Flag>,
    times: Vec<Tick>,
    upper: Plot,
    lower: Plot,
}

/// A phase.
#[derive(Clone, Debug, Serialize)]
struct Band {
    x: f64,
    width: f64,
    name: &'static str,
    has_room: bool,
    ok: bool,
    seconds: f64,
}

/// A moment: a line from its label down.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Flag {
    x: f64,
    /// Where its line begins.
    y: f64,
    /// `None` where there is no room for it.
    label: Option<String>,
    words: String,
    seconds: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Tick {
    at: f64,
    label: String,
}

#[derive(Clone, Debug, Serialize)]
struct Plot {
    top: f64,
    bottom: f64,
    ticks: Vec<Tick>,
    paths: Vec<String>,
}

impl Timeline {
    /// Draws what was seen.
    pub fn new(played: &Played) -> Self {
        let end = end(played);
        let x = |at: Duration| LEFT + PLOT_WIDTH * (at.as_secs_f64() / end).min(1.0);
        let (marks, rows) = flags(&played.marks, &x);
        let top = NAMES_HEIGHT + ROW_HEIGHT * real(rows as u64) + GAP / 2.0;
        let upper_bottom = top + UPPER_HEIGHT;
        let lower_bottom = upper_bottom + GAP + LOWER_HEIGHT;
        let label_end = |flag: &Flag| flag.x + width_of(flag.label.as_deref().unwrap_or_default());
        let right = LEFT + PLOT_WIDTH;
        let width = marks.iter().map(label_end).fold(right, f64::max) + RIGHT;
        let (samples, lower) = (&played.samples, upper_bottom + GAP);
        Self {
            width: tenth(width),
            height: tenth(lower_bottom + AXIS_HEIGHT),
            left: LEFT,
            right,
            description: describe(played, end),
            bands: bands(played, &x),
            marks,
            times: ticks(scale::times(end, TIME_TICKS), end, (LEFT, right)),
            upper: upper(samples, &x, (top, upper_bottom)),
            lower: behind(samples, &x, (lower, lower_bottom)),
        }
    }
}

/// Returns the drill's length in seconds.
fn end(played: &Played) -> f64 {
    let samples = played.samples.iter().map(|sample| sample.at);
    let phases = played.phases.iter().map(|done| done.began + done.took);
    let marks = played.marks.iter().map(|mark| mark.at);
    let end = samples.chain(phases).chain(marks).max().unwrap_or_default();
    if end.is_zero() { 1.0 } else { end.as_secs_f64() }
}

fn bands(played: &Played, x: &impl Fn(Duration) -> f64) -> Vec<Band> {
    let band = |done: &Done| {
        let (from, to) = (x(done.began), x(done.began + done.took));
        let name = done.phase.word();
        Band {
            x: tenth(from),
            width: tenth(to - from),
            name,
            has_room: width_of(name) <= to - from,
            ok: done.is_good,
            seconds: super::thousandths(done.took),
        }
    };
    played.phases.iter().map(band).collect()
}

/// Places labels: each at the right of its line and below those it would meet, so that no line crosses one. Returns
/// how many rows that takes.
fn flags(marks: &[Mark], x: &impl Fn(Duration) -> f64) -> (Vec<Flag>, usize) {
    let mut marks: Vec<&Mark> = marks.iter().collect();
    marks.sort_by_key(|mark| mark.at);
    // Where each row's last label ends.
    let mut ends: Vec<f64> = Vec::new();
    let mut flags = Vec::new();
    for mark in marks {
        let (at, words) = (x(mark.at), plain(&mark.words));
        let row = ends.iter().rposition(|end| *end > at).map_or(0, |above| above + 1);
        let label = (row < ROWS_MAX).then(|| fit(&words, LETTERS_MAX));
        let y = NAMES_HEIGHT + ROW_HEIGHT * real(row.min(ROWS_MAX) as u64);
        if let Some(label) = &label {
            ends.resize(ends.len().max(row + 1), 0.0);
            ends[row] = at + width_of(label);
        }
        let seconds = super::thousandths(mark.at);
        flags.push(Flag { x: tenth(at), y, label, words, seconds });
    }
    (flags, ends.len())
}

fn width_of(label: &str) -> f64 {
    if label.is_empty() { 0.0 } else { 10.0 + LETTER * real(label.chars().count() as u64) }
}

/// Places an axis's ticks between two ends.
fn ticks(found: Vec<(f64, String)>, whole: f64, (from, to): (f64, f64)) -> Vec<Tick> {
    let place = |at: f64| tenth(from + (to - from) * at / whole);
    found.into_iter().map(|(at, label)| Tick { at: place(at), label }).collect()
}

/// Draws what was produced and processed so far.
fn upper(samples: &[Sample], x: &impl Fn(Duration) -> f64, (top, bottom): (f64, f64)) -> Plot {
    let most = samples.iter().map(|sample| sample.produced.max(sample.processed)).max().unwrap_or_default();
    let axis = scale::counts(most, COUNT_TICKS);
    let whole = axis.last().map_or(1.0, |(at, _)| *at);
    let y = |count: u64| bottom - (bottom - top) * real(count) / whole;
    let path =
        |of: fn(&Sample) -> u64| line(samples.iter().map(|sample| (x(sample.at), Some(of(sample)))), y);
    let paths = vec![path(|sample| sample.produced), path(|sample| sample.processed)];
    Plot { top, bottom, ticks: ticks(axis, whole, (bottom, top)), paths }
}

/// Draws how far the copy was behind; where that is unknown there is no line.
fn behind(samples: &[Sample], x: &impl Fn(Duration) -> f64, (top, bottom): (f64, f64)) -> Plot {
    let most = samples.iter().filter_map(|sample| sample.behind).max();
    let axis = scale::counts(most.unwrap_or_default(), COUNT_TICKS / 2);
    let whole = axis.last().map_or(1.0, |(at, _)| *at);
    let y = |count: u64| bottom - (bottom - top) * real(count) / whole;
    let path = line(samples.iter().map(|sample| (x(sample.at), sample.behind)), y);
    let paths = if path.is_empty() { Vec::new() } else { vec![path] };
    Plot { top, bottom, ticks: ticks(axis, whole, (bottom, top)), paths }
}

/// Draws a line; it breaks where a value is unknown, and of the values that share a pixel the highest is drawn.
fn line(values: impl Iterator<Item = (f64, Option<u64>)>, y: impl Fn(u64) -> f64) -> String {
    let mut places: Vec<(f64, Option<u64>, bool)> = Vec::new();
    for (x, value) in values {
        let shares = |last: f64| (last - LEFT).floor() == (x - LEFT).floor();
        match places.last_mut().filter(|(last, _, _)| shares(*last)) {
            Some((_, highest, breaks)) => {
                *highest = (*highest).max(value);
                *breaks |= value.is_none();
            }
            None => places.push((x, value, value.is_none())),
        }
    }
    let mut path = String::new();
    let mut is_down = false;
    for (x, value, breaks) in places {
        if let Some(value) = value {
            let (x, y) = (tenth(x), tenth(y(value)));
            // A length of nearly nothing, so that a lone value is a dot.
            let step = if is_down { format!("L{x} {y}") } else { format!("M{x} {y}h0.1") };
            path.push_str(&step);
        }
        is_down = value.is_some() && !breaks;
    }
    path
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Says what the drawing shows, for those who do not see it.
fn describe(played: &Played, end: f64) -> String {
    let last = played.samples.last();
    let counts = last.map_or_else(
        || "nothing was sampled".to_owned(),
        |last| format!("{} records were produced and {} processed", last.produced, last.processed),
    );
    let known: Vec<u64> = played.samples.iter().filter_map(|sample| sample.behind).collect();
    let behind = match known.iter().max() {
        None => "how far the copy was behind is not known".to_owned(),
        Some(most) if known.len() < played.samples.len() => {
            format!(
                "the copy was at most {most} records behind where that is known, which it is not all the time"
            )
        }
        Some(most) => format!("the copy was at most {most} records behind"),
    };
    let marks =
        played.marks.iter().map(|mark| format!("{:.1} s {}", mark.at.as_secs_f64(), plain(&mark.words)));
    format!("In {end:.1} seconds {counts}; {behind}. Moments: {}.", marks.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;

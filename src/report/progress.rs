//! How far a flow is: the figures, and the one line or JSON object they are told in.

use std::time::Duration;

use serde::Serialize;

use super::human::{self, or_unknown};
use crate::obs::{FlowMetrics, PartitionState};

/// Stands between the parts of a line.
const BETWEEN: &str = "  ";
/// A cause cut to less than this says nothing.
const CAUSE_COLUMNS_MIN: usize = 16;
/// Troubled partitions named in one JSON event; all of them are counted.
const TROUBLE_LISTED_MAX: usize = 20;

/// Holds what changes over time and cannot be seen at one moment; unknown is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowRates {
    /// Records acknowledged per second, of late.
    pub records_per_second: Option<f64>,
    /// Bytes acknowledged per second, of late.
    pub bytes_per_second: Option<f64>,
    /// Time until the run ends by itself, at the present rate.
    pub seconds_left: Option<f64>,
}

/// Holds one flow's progress; JSON has the same names, and `null` for what is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FlowProgress {
    /// The flow's name.
    #[serde(skip)]
    pub flow: String,
    /// Its clusters are open and its partitions found.
    #[serde(rename = "has_started")]
    pub started: bool,
    /// Why it does not run, where it could not start.
    pub failure: Option<String>,
    /// Its partitions end at offsets of their own, whatever the source gets after them.
    #[serde(skip)]
    pub ends: bool,
    /// Number of partitions.
    pub partitions: usize,
    /// Partitions that other processes copy.
    #[serde(skip)]
    pub elsewhere: usize,
    /// Partitions at the end of their source, or at their own.
    pub caught_up: usize,
    /// Partitions in trouble that may pass.
    pub failing: usize,
    /// Partitions stopped for good.
    pub stopped: usize,
    /// Records copied by this process.
    pub records: u64,
    /// Bytes copied by this process.
    pub bytes: u64,
    /// Records per second, of late.
    #[serde(serialize_with = "to_thousandths")]
    pub records_per_second: Option<f64>,
    /// Bytes per second, of late.
    #[serde(serialize_with = "to_thousandths")]
    pub bytes_per_second: Option<f64>,
    /// Source offsets not yet copied.
    pub records_behind: Option<u64>,
    /// Age of the oldest record not yet copied.
    #[serde(serialize_with = "to_thousandths")]
    pub seconds_behind: Option<f64>,
    /// Time until the run ends by itself.
    #[serde(serialize_with = "to_thousandths")]
    pub seconds_left: Option<f64>,
    /// Partitions that cannot go on, the first twenty.
    pub trouble: Vec<Trouble>,
}

/// Names a partition that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The source topic.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
    /// Why.
    pub cause: String,
}

impl FlowProgress {
    /// Adds a flow's partitions up. One whose lag is not known makes the flow's unknown: a sum or a
    /// maximum without it would look better than things are (guarantee G11).
    pub fn of(flow: &FlowMetrics, rates: FlowRates) -> Self {
        let partitions = &flow.partitions;
        let count = |state| partitions.iter().filter(|partition| partition.state == state).count();
        let known = !partitions.is_empty();
        let records_behind: Option<i64> = partitions.iter().map(|partition| partition.lag_records()).sum();
        let seconds: Option<Vec<f64>> = partitions.iter().map(|partition| partition.lag_seconds).collect();
        let trouble = partitions.iter().filter_map(|partition| {
            let cause = partition.trouble.clone()?;
            Some(Trouble { topic: partition.topic.clone(), partition: partition.partition, cause })
        });
        Self {
            flow: flow.flow.clone(),
            started: flow.started,
            failure: flow.failure.clone(),
            ends: partitions.iter().any(|partition| partition.run_end.is_some()),
            partitions: partitions.len(),
            elsewhere: flow.elsewhere,
            caught_up: count(PartitionState::CaughtUp),
            failing: count(PartitionState::Failing),
            stopped: count(PartitionState::Stopped),
            records: flow.records_copied(),
            bytes: flow.bytes_copied(),
            records_per_second: rates.records_per_second,
            bytes_per_second: rates.bytes_per_second,
            records_behind: records_behind.filter(|_| known).and_then(|sum| u64::try_from(sum).ok()),
            seconds_behind: seconds.filter(|_| known).map(|all| all.into_iter().fold(0.0, f64::max)),
            seconds_left: rates.seconds_left,
            trouble: trouble.take(TROUBLE_LISTED_MAX).collect(),
        }
    }

    /// Returns the flow on one line of at most `width` characters.
    ///
    /// What must not be lost at the edge of a narrow terminal comes first into the line: trouble,
    /// speed, lag and time left, then bytes, the cause of the trouble, and totals where there is room.
    /// The first that does not fit is the last looked at, so that lines of one width look alike.
    pub fn line(&self, width: usize) -> String {
        if self.partitions == 0 {
            let state = match &self.failure {
                Some(cause) => format!("does not run: {cause}"),
                None if self.started && self.elsewhere > 0 => "other processes copy".to_owned(),
                None if self.started => "no topics to copy yet".to_owned(),
                None => "starting".to_owned(),
            };
            return human::fit(&format!("{}{BETWEEN}{state}", self.flow), width);
        }
        let rate = |rate: Option<f64>, write: fn(f64) -> String| or_unknown(rate, write);
        let mut parts = vec![
            (0, self.flow.clone()),
            (0, count_of(self.stopped, "stopped")),
            (0, count_of(self.failing, "failing")),
            (0, format!("{} rec/s", rate(self.records_per_second, human::count))),
            (2, format!("{}/s", rate(self.bytes_per_second, human::bytes))),
            (1, format!("behind {}", or_unknown(self.seconds_behind, human::seconds))),
            (4, format!("{} rec", or_unknown(self.records_behind, human::whole))),
            (1, self.seconds_left.map(|left| format!("{} left", human::seconds(left))).unwrap_or_default()),
            (
                5,
                format!(
                    "{}/{} {}",
                    self.caught_up,
                    self.partitions,
                    if self.ends { "done" } else { "caught up" }
                ),
            ),
            (6, format!("{} copied", human::whole(self.records))),
            (3, self.first_cause()),
        ];
        parts.retain(|(_, text)| !text.is_empty());
        let mut kept = vec![false; parts.len()];
        let mut room = width;
        'ranks: for rank in 0..=6 {
            for (index, (_, text)) in parts.iter_mut().enumerate().filter(|(_, part)| part.0 == rank) {
                let between = if index == 0 { 0 } else { BETWEEN.len() };
                if rank == 3 && room >= between + CAUSE_COLUMNS_MIN {
                    *text = human::fit(text, room - between);
                }
                let needed = between + text.chars().count();
                if needed > room && rank > 0 {
                    break 'ranks;
                }
                kept[index] = true;
                room = room.saturating_sub(needed);
            }
        }
        let shown: Vec<&str> =
            parts.iter().zip(kept).filter(|(_, kept)| *kept).map(|((_, text), _)| text.as_str()).collect();
        human::fit(&shown.join(BETWEEN), width)
    }

    /// Names the first trouble; without its partition where all have the same cause.
    fn first_cause(&self) -> String {
        match self.trouble.as_slice() {
            [] => String::new(),
            [first, others @ ..] if !others.is_empty() && others.iter().all(|o| o.cause == first.cause) => {
                first.cause.clone()
            }
            [first, ..] => format!("{}[{}]: {}", first.topic, first.partition, first.cause),
        }
    }

    /// Says in one line what the run came to after `elapsed`.
    pub fn summary(&self, elapsed: Duration) -> String {
        let mut text = format!(
            "{}: copied {} records, {}, in {}",
            self.flow,
            self.records,
            human::bytes(human::real(self.bytes)),
            human::duration(elapsed)
        );
        for (count, word) in [(self.stopped, "stopped"), (self.failing, "failing")] {
            if count > 0 {
                text.push_str(&format!("; {count} of {} partitions {word}", self.partitions));
            }
        }
        text
    }
}

/// Writes a real number with three decimals at most: more are noise.
fn to_thousandths<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| (value * 1000.0).round() / 1000.0).serialize(serializer)
}

fn count_of(count: usize, word: &str) -> String {
    if count == 0 { String::new() } else { format!("{count} {word}") }
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;

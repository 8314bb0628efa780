//! Whether lag grows or shrinks, from samples of one run.

use std::time::Duration;

use super::measure::{PartitionLag, Status};
use super::place::Method;

/// A change below this part of the lag is none.
const STEADY_WITHIN: f64 = 0.01;

/// Says how lag moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It grows.
    Growing,
    /// It stays.
    Steady,
    /// It gets less.
    Shrinking,
}

impl Direction {
    /// Returns the word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Growing => "growing",
            Direction::Steady => "steady",
            Direction::Shrinking => "shrinking",
        }
    }

    /// Returns the sign for people.
    pub const fn sign(self) -> &'static str {
        match self {
            Direction::Growing => "+",
            Direction::Steady => "=",
            Direction::Shrinking => "-",
        }
    }
}

/// Holds how one partition's lag moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Which way.
    pub direction: Direction,
    /// Records a second by which lag grows; negative where it shrinks.
    pub records_per_second: f64,
}

/// Compares two numbers of records, `between` apart; `None` where no time passed.
pub fn trend(before: i64, after: i64, between: Duration) -> Option<Trend> {
    let seconds = between.as_secs_f64();
    if seconds <= 0.0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate, shown with three digits")]
    let (change, level) = ((after - before) as f64, before.max(after) as f64);
    let direction = match change {
        change if change.abs() <= level * STEADY_WITHIN => Direction::Steady,
        change if change > 0.0 => Direction::Growing,
        _ => Direction::Shrinking,
    };
    Some(Trend { direction, records_per_second: change / seconds })
}

/// Fills in the trend of `now`'s rows from `before`'s, and says where a position went back meanwhile.
/// Both are sorted by flow and partition.
pub fn compare(before: &[PartitionLag], now: &mut [PartitionLag], between: Duration) {
    let key = |row: &PartitionLag| (row.flow.clone(), row.source.clone());
    let known: std::collections::HashMap<_, _> = before.iter().map(|row| (key(row), row)).collect();
    for row in now {
        let Some(old) = known.get(&key(row)) else { continue };
        row.trend = old.records.zip(row.records).and_then(|(old, now)| trend(old, now, between));
        let is_exact = |row: &PartitionLag| row.position_method.is_some_and(|how| how != Method::Counted);
        if let Some((was, is)) = old.position.zip(row.position).filter(|(was, is)| is < was)
            && is_exact(old)
            && is_exact(row)
            && row.status < Status::Rewind
        {
            row.status = Status::Rewind;
            row.reason = Some(format!("the position went back from {was} to {is}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_within_one_percent_is_none() {
        let of = |before, after| trend(before, after, Duration::from_secs(2)).map(|trend| trend.direction);
        assert_eq!(of(1000, 1009), Some(Direction::Steady));
        assert_eq!(of(1000, 1020), Some(Direction::Growing));
        assert_eq!(of(1000, 900), Some(Direction::Shrinking));
        assert_eq!(of(0, 0), Some(Direction::Steady));
        assert_eq!(of(0, 1), Some(Direction::Growing));
        assert_eq!(trend(0, 840, Duration::from_secs(2)).map(|trend| trend.records_per_second), Some(420.0));
        assert_eq!(trend(0, 1, Duration::ZERO), None);
    }
}

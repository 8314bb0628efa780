//! Limits in the Monitoring Plugins' range syntax: `10`, `10:`, `~:10`, `10:20`, `@10:20`.

use std::fmt;
use std::str::FromStr;

use super::measure::{PartitionLag, Status};
use super::over::Condition;

/// Names what limits are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Metric {
    /// Age of the oldest record that waits.
    #[default]
    Seconds,
    /// Source offsets behind.
    Records,
}

impl Metric {
    /// Returns a row's value.
    pub fn of(self, row: &PartitionLag) -> Option<f64> {
        match self {
            Metric::Seconds => row.seconds,
            Metric::Records => row.records.map(real),
        }
    }

    /// Returns the word for people and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Metric::Seconds => "seconds",
            Metric::Records => "records",
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "offsets of any log fit 52 bits")]
pub(super) fn real(value: i64) -> f64 {
    value as f64
}

/// Says why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeFault {
    /// Not numbers.
    #[error("\"{0}\" is no range: write 10, 10:, ~:10, 10:20 or @10:20")]
    Malformed(String),
    /// The wrong way round.
    #[error("\"{0}\" begins behind its end")]
    Reversed(String),
}

/// An inclusive range; a value outside it, or inside where it begins with `@`, is an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    start: f64,
    end: f64,
    is_inside_alert: bool,
    text: String,
}

impl Range {
    /// Says whether the value is an alert.
    pub fn alerts(&self, value: f64) -> bool {
        let is_inside = self.start <= value && value <= self.end;
        is_inside == self.is_inside_alert
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Range {
    type Err = RangeFault;

    fn from_str(text: &str) -> Result<Self, RangeFault> {
        let malformed = || RangeFault::Malformed(text.to_owned());
        let (is_inside_alert, rest) = match text.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let number = |text: &str| {
            // Digits, a point and a sign: `inf` and `1e3` are no plugin's numbers.
            let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || ".-".contains(c));
            text.parse::<f64>().ok().filter(|_| is_plain).ok_or_else(malformed)
        };
        let (start, end) = match rest.split_once(':') {
            None => (0.0, number(rest)?),
            Some((start, end)) => {
                let start = match start {
                    "~" => f64::NEG_INFINITY,
                    "" => 0.0,
                    start => number(start)?,
                };
                (start, if end.is_empty() { f64::INFINITY } else { number(end)? })
            }
        };
        if start > end {
            return Err(RangeFault::Reversed(text.to_owned()));
        }
        Ok(Self { start, end, is_inside_alert, text: text.to_owned() })
    }
}

/// Says how bad a row is; the worse of two is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Within all limits.
    #[default]
    Ok,
    /// What a limit is on is not known.
    Unknown,
    /// Above a warning.
    Warning,
    /// Above a critical limit, or bad whatever the limits are.
    Critical,
}

/// Holds what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// What `warning` and `critical` are on.
    pub metric: Metric,
    /// Alerts a warning.
    pub warning: Option<Range>,
    /// Alerts critically.
    pub critical: Option<Range>,
    /// A condition that is an alert where it holds.
    pub over: Option<Condition>,
}

impl Limits {
    /// Judges a row, critical before warning: a partition in trouble is critical without any limit.
    pub fn level(&self, row: &PartitionLag) -> Level {
        if row.status.is_bad() {
            return Level::Critical;
        }
        if row.status == Status::Unknown {
            return Level::Unknown;
        }
        let value = self.metric.of(row);
        let alerts =
            |range: &Option<Range>| range.as_ref().map(|range| value.map(|value| range.alerts(value)));
        let (critical, warning) = (alerts(&self.critical), alerts(&self.warning));
        let over = self.over.as_ref().map(|condition| condition.holds(row));
        if critical == Some(Some(true)) {
            Level::Critical
        } else if [critical, warning, over].contains(&Some(None)) {
            Level::Unknown
        } else if warning == Some(Some(true)) || over == Some(Some(true)) {
            Level::Warning
        } else {
            Level::Ok
        }
    }

    /// Marks the rows that a limit makes worse than they are by themselves.
    pub fn mark(&self, rows: &mut [PartitionLag]) {
        for row in rows.iter_mut().filter(|row| row.status == Status::Ok) {
            match self.level(row) {
                Level::Ok => {}
                Level::Unknown => {
                    row.status = Status::Unknown;
                    row.reason = Some("what the limit is on is not known".to_owned());
                }
                Level::Warning | Level::Critical => row.status = Status::Warn,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn alerts(range: &str, values: [f64; 5]) -> [bool; 5] {
        let range: Range = range.parse().unwrap();
        values.map(|value| range.alerts(value))
    }

    #[test]
    fn ranges_alert_as_the_guidelines_say() {
        let values = [-1.0, 0.0, 10.0, 15.0, 21.0];
        assert_eq!(alerts("10", values), [true, false, false, true, true]);
        assert_eq!(alerts("10:", values), [true, true, false, false, false]);
        assert_eq!(alerts("~:10", values), [false, false, false, true, true]);
        assert_eq!(alerts("10:20", values), [true, true, false, false, true]);
        assert_eq!(alerts("@10:20", values), [false, false, true, true, false]);
        assert_eq!(alerts(":10", values), alerts("10", values));
        assert_eq!(alerts("0.5:1.5", [0.4, 0.5, 1.0, 1.5, 1.6]), [true, false, false, false, true]);
    }

    #[test]
    fn what_is_no_range_is_refused_with_the_syntax() {
        for text in ["", "a", "10:b", "1e3", "inf", "@", "~", "10 20", "--1"] {
            let fault = text.parse::<Range>().unwrap_err();
            assert!(fault.to_string().contains("@10:20"), "{text}: {fault}");
        }
        assert_eq!("20:10".parse::<Range>(), Err(RangeFault::Reversed("20:10".into())));
    }
}

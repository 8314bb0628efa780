//! `--over EXPR`: a condition on a row, such as `seconds > 60 and records > 1000`.

use std::str::FromStr;

use super::limits::real;
use super::measure::PartitionLag;
use crate::config::units;

/// Says why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionFault {
    /// No comparison where one has to be.
    #[error(
        "\"{0}\" is no comparison: write such as seconds>60, records>=1000, bytes>10MiB, retention>50%, growth>0"
    )]
    Comparison(String),
    /// A name that is none.
    #[error("\"{0}\" cannot be compared: take seconds, records, bytes, retention or growth")]
    Field(String),
    /// Not a number of what is compared.
    #[error("\"{value}\" is no value of {field}")]
    Value {
        /// What is compared.
        field: &'static str,
        /// What stands there.
        value: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Seconds,
    Records,
    Bytes,
    Retention,
    Growth,
}

impl Field {
    const ALL: [(&str, Field); 5] = [
        ("seconds", Field::Seconds),
        ("records", Field::Records),
        ("bytes", Field::Bytes),
        ("retention", Field::Retention),
        ("growth", Field::Growth),
    ];

    fn of(self, row: &PartitionLag) -> Option<f64> {
        match self {
            Field::Seconds => row.seconds,
            Field::Records => row.records.map(real),
            Field::Bytes => row.bytes_estimated.map(real),
            Field::Retention => row.retention_used,
            Field::Growth => row.trend.map(|trend| trend.records_per_second),
        }
    }

    /// Reads a value: `90` or `1m30s` for seconds, `10MiB` for bytes, `50%` or `0.5` for retention.
    fn value(self, text: &str) -> Option<f64> {
        let plain = text.parse::<f64>().ok().filter(|value| value.is_finite());
        plain.or_else(|| match self {
            Field::Seconds => units::parse_duration(text).ok().map(|duration| duration.as_secs_f64()),
            Field::Bytes => {
                units::parse_size(text).ok().and_then(|bytes| i64::try_from(bytes).ok()).map(real)
            }
            Field::Retention => text.strip_suffix('%')?.trim().parse::<f64>().ok().map(|part| part / 100.0),
            Field::Records | Field::Growth => None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Operator {
    /// The longer first: `>=` begins with `>`.
    const ALL: [(&str, Operator); 4] =
        [(">=", Operator::AtLeast), ("<=", Operator::AtMost), (">", Operator::Above), ("<", Operator::Below)];

    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Operator::Above => value > limit,
            Operator::AtLeast => value >= limit,
            Operator::Below => value < limit,
            Operator::AtMost => value <= limit,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Comparison {
    field: Field,
    operator: Operator,
    limit: f64,
}

/// Comparisons joined by `and` and `or`; `and` binds closer.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// One of these has to hold, and of it all.
    any: Vec<Vec<Comparison>>,
}

impl Condition {
    /// Says whether it holds for a row; `None` where that hangs on what is not known.
    pub fn holds(&self, row: &PartitionLag) -> Option<bool> {
        let compared = |one: &Comparison| one.field.of(row).map(|value| one.operator.holds(value, one.limit));
        let all = |each: &Vec<Comparison>| {
            let each: Vec<_> = each.iter().map(compared).collect();
            if each.contains(&Some(false)) {
                Some(false)
            } else {
                each.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        };
        let any: Vec<_> = self.any.iter().map(all).collect();
        if any.contains(&Some(true)) {
            Some(true)
        } else {
            any.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
        }
    }
}

impl FromStr for Condition {
    type Err = ConditionFault;

    fn from_str(text: &str) -> Result<Self, ConditionFault> {
        let any = split(text, "or").map(|all| split(&all, "and").map(|one| comparison(&one)).collect());
        Ok(Self { any: any.collect::<Result<_, _>>()? })
    }
}

/// Splits at a word that stands alone.
fn split<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let parts: Vec<String> = words.split(|each| *each == word).map(|part| part.join(" ")).collect();
    parts.into_iter()
}

fn comparison(text: &str) -> Result<Comparison, ConditionFault> {
    let found = Operator::ALL.iter().find_map(|(sign, operator)| {
        let (name, value) = text.split_once(sign)?;
        Some((name.trim(), *operator, value.trim()))
    });
    let (name, operator, value) = found.ok_or_else(|| ConditionFault::Comparison(text.to_owned()))?;
    let (field_name, field) = Field::ALL
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| ConditionFault::Field(name.to_owned()))?;
    let limit = field
        .value(value)
        .ok_or_else(|| ConditionFault::Value { field: field_name, value: value.to_owned() })?;
    Ok(Comparison { field, operator, limit })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::lag::measure::tests::row;

    fn holds(text: &str, row: &PartitionLag) -> Option<bool> {
        text.parse::<Condition>().unwrap().holds(row)
    }

    #[test]
    fn and_binds_closer_than_or() {
        let row = PartitionLag { records: Some(500), seconds: Some(90.0), ..row(0) };
        assert_eq!(holds("seconds > 60 and records>1000", &row), Some(false));
        assert_eq!(holds("records > 1000 and records < 0 or seconds >= 1m30s", &row), Some(true));
        assert_eq!(holds("seconds<=90", &row), Some(true));
        let row = PartitionLag { retention_used: Some(0.6), bytes_estimated: Some(2 << 20), ..row };
        assert_eq!(holds("retention>50%", &row), Some(true));
        assert_eq!(holds("retention>0.7 or bytes>1MiB", &row), Some(true));
    }

    #[test]
    fn g11_what_hangs_on_the_unknown_is_unknown_and_nothing_else_is() {
        let row = PartitionLag { records: Some(500), seconds: None, ..row(0) };
        assert_eq!(holds("seconds>60", &row), None);
        assert_eq!(holds("seconds>60 and records>1000", &row), Some(false));
        assert_eq!(holds("seconds>60 or records>100", &row), Some(true));
        assert_eq!(holds("growth>0 or records>1000", &row), None);
    }

    #[test]
    fn what_is_no_condition_says_what_would_be() {
        let fault = |text: &str| text.parse::<Condition>().unwrap_err().to_string();
        assert!(fault("60").contains("seconds>60"));
        assert!(fault("seconds>60 and").contains("is no comparison"));
        assert!(fault("lag>60").contains("take seconds, records"));
        assert!(fault("records>1m").contains("no value of records"));
    }
}

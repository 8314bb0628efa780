//! Lag as monitoring plugins print it: one line below 80 characters, a bar, performance data; exit 0, 1,
//! 2 or 3.

use super::human::fit;
use super::problem::Problem;
use crate::exit::Exit;
use crate::lag::limits::{Level, Limits, Metric};
use crate::lag::measure::{PartitionLag, Status};
use crate::lag::outcome::{Lag, summary};

/// Longest text before the bar.
const TEXT_CHARS_MAX: usize = 79;

/// Returns what a monitoring system is told: a cluster that cannot be reached is critical, as Icinga
/// wants it.
pub fn level(lag: &Lag, limits: &Limits) -> Level {
    let is_dead = !lag.unread.is_empty();
    lag.level(limits).max(if is_dead { Level::Critical } else { Level::Ok })
}

/// Returns the exit code of a level in the plugins' terms; its other meanings do not apply here.
pub const fn exit(level: Level) -> Exit {
    match level {
        Level::Ok => Exit::Done,
        Level::Warning => Exit::Failed,
        Level::Critical => Exit::Usage,
        Level::Unknown => Exit::PluginUnknown,
    }
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "OK",
        Level::Warning => "WARNING",
        Level::Critical => "CRITICAL",
        Level::Unknown => "UNKNOWN",
    }
}

/// Writes the line of a run that could look.
pub fn line(lag: &Lag, limits: &Limits, problems: &[Problem]) -> String {
    let level = level(lag, limits);
    let rows = || lag.partitions();
    let worst = rows()
        .filter(|row| limits.level(row) == level)
        .max_by(|a, b| urgency(a, limits).total_cmp(&urgency(b, limits)));
    let text = match (lag.unread.first(), worst) {
        (Some(flow), _) => {
            let why = problems.first().map(Problem::in_short).unwrap_or_default();
            format!("cannot read {flow}: {why}")
        }
        (None, Some(row)) => described(row, level, limits),
        (None, None) => problems.first().map_or_else(|| "no partitions".to_owned(), Problem::in_short),
    };
    let sum = summary(rows());
    let counts = match (sum.over, sum.unknown) {
        (0, 0) => format!("; {} partitions", sum.partitions),
        (over, 0) => format!("; {over}/{} over", sum.partitions),
        (0, unknown) => format!("; {unknown}/{} unknown", sum.partitions),
        (over, unknown) => format!("; {over}+{unknown}?/{} over", sum.partitions),
    };
    let front = format!("LAG {} - ", word(level));
    let room = TEXT_CHARS_MAX.saturating_sub(front.chars().count() + counts.chars().count());
    format!("{front}{}{counts} | {}", fit(&one_line(&text), room), performance(lag, limits))
}

/// Writes the line of a run that could not.
pub fn unknown(cause: &str) -> String {
    fit(&format!("LAG UNKNOWN - {}", one_line(cause)), TEXT_CHARS_MAX)
}

/// A bar would begin the performance data.
fn one_line(text: &str) -> String {
    text.replace('|', "/").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn urgency(row: &PartitionLag, limits: &Limits) -> f64 {
    limits.metric.of(row).unwrap_or(-1.0)
}

fn described(row: &PartitionLag, level: Level, limits: &Limits) -> String {
    let place = format!("{} on {}", row.flow, row.source);
    if row.status != Status::Ok && row.status != Status::Warn {
        return format!("{} {place}", row.status.word());
    }
    let limit = match level {
        Level::Critical => limits.critical.as_ref().map(|range| format!(" (crit {range})")),
        Level::Warning => limits.warning.as_ref().map(|range| format!(" (warn {range})")),
        Level::Ok | Level::Unknown => None,
    };
    let behind = match (limits.metric, row.seconds, row.records) {
        (Metric::Seconds, Some(seconds), _) => format!("{seconds:.0}s behind"),
        (_, _, Some(records)) => format!("{records} records behind"),
        _ => "lag not known".to_owned(),
    };
    format!("{} {behind}{} on {}", row.flow, limit.unwrap_or_default(), row.source)
}

/// Writes the performance data: `'label'=value[UOM];[warn];[crit];[min];[max]`.
fn performance(lag: &Lag, limits: &Limits) -> String {
    let sum = summary(lag.partitions());
    let partitions = sum.partitions;
    let most = |value: fn(&PartitionLag) -> Option<f64>| lag.partitions().filter_map(value).reduce(f64::max);
    let range = |metric: Metric| {
        let text = |range: &Option<crate::lag::limits::Range>| {
            range.as_ref().filter(|_| metric == limits.metric).map(ToString::to_string).unwrap_or_default()
        };
        format!("{};{}", text(&limits.warning), text(&limits.critical))
    };
    // `U` is what could not be determined, which is not 0.
    let seconds = most(|row| row.seconds).map_or("U".to_owned(), |value| format!("{value:.3}s"));
    let records = most(|row| Metric::Records.of(row));
    let is_known = records.is_some();
    let records = records.map_or("U".to_owned(), |value| format!("{value:.0}"));
    let total = if is_known { sum.records.to_string() } else { "U".to_owned() };
    [
        format!("'lag_seconds_max'={seconds};{};0", range(Metric::Seconds)),
        format!("'lag_records_max'={records};{};0", range(Metric::Records)),
        format!("'lag_records_sum'={total};;;0"),
        format!("'partitions_over'={};;;0;{partitions}", sum.over),
        format!("'partitions_unknown'={};;;0;{partitions}", sum.unknown),
    ]
    .join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::lag::measure::tests::row;
    use crate::lag::outcome::tests::lag;

    fn limits() -> Limits {
        Limits { warning: "30".parse().ok(), critical: "60".parse().ok(), ..Limits::default() }
    }

    fn behind(partition: i32, seconds: f64) -> PartitionLag {
        PartitionLag { seconds: Some(seconds), records: Some(100), ..row(partition) }
    }

    fn told(mut rows: Vec<PartitionLag>) -> (String, u8) {
        limits().mark(&mut rows);
        let lag = lag(rows);
        (line(&lag, &limits(), &[]), exit(level(&lag, &limits())).code())
    }

    /// Matches performance data as Icinga reads it.
    fn assert_sound(line: &str) {
        let (text, data) = line.split_once(" | ").unwrap();
        assert!(text.chars().count() < 80 && !text.contains('\n'), "{text}");
        let grammar =
            regex::Regex::new(r"^'[a-z_]+'=(U|-?[0-9.]+(s)?);[@~:0-9.]*;[@~:0-9.]*;-?[0-9.]*(;[0-9.]*)?$")
                .unwrap();
        data.split(' ').for_each(|one| assert!(grammar.is_match(one), "{one}"));
    }

    #[test]
    fn a_line_names_the_worst_its_limit_and_how_many() {
        let (line, code) = told(vec![behind(7, 94.0), behind(3, 31.0), behind(4, 1.0)]);
        assert_eq!(
            line,
            "LAG CRITICAL - us-eu 94s behind (crit 60) on orders[7]; 2/3 over | \
             'lag_seconds_max'=94.000s;30;60;0 'lag_records_max'=100;;;0 'lag_records_sum'=300;;;0 \
             'partitions_over'=2;;;0;3 'partitions_unknown'=0;;;0;3"
        );
        assert_sound(&line);
        assert_eq!(code, 2);
        assert_eq!(told(vec![behind(3, 31.0)]).1, 1);
        let (line, code) = told(vec![behind(4, 1.0)]);
        assert!(line.starts_with("LAG OK - us-eu 1s behind on orders[4]; 1 partitions | "), "{line}");
        assert_eq!(code, 0);
    }

    #[test]
    fn g11_the_unknown_is_u_and_not_zero_and_hides_nothing_worse() {
        let unknown = || PartitionLag { status: Status::Unknown, ..row(9) };
        let (line, code) = told(vec![unknown()]);
        assert!(line.contains("'lag_seconds_max'=U;") && line.contains("'lag_records_sum'=U;"), "{line}");
        assert_sound(&line);
        assert_eq!(code, 3);
        assert_eq!(told(vec![behind(1, 61.0), unknown()]).1, 2);
        assert_eq!(told(vec![behind(1, 31.0), unknown()]).1, 1);
    }

    #[test]
    fn a_long_name_is_cut_and_not_the_counts() {
        let mut long = behind(1, 61.0);
        long.source = crate::types::TopicPartition::new("a".repeat(200).as_str(), 1);
        let (line, _) = told(vec![long]);
        assert_sound(&line);
        assert!(line.contains("…; 1/1 over | "), "{line}");
        assert!(unknown(&"x|\n ".repeat(90)).chars().count() < 80);
    }
}

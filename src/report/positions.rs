//! Where every partition stood when the run ended.

use std::collections::BTreeMap;

use serde::Serialize;

use super::human::or_unknown;
use super::table::{Column, Table};

/// Above this many rows the table has one row per topic.
pub(super) const ROWS_MAX: usize = 30;

static COLUMNS: [Column; 7] = [
    Column::words("FLOW"),
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE-NEXT"),
    Column::number("TARGET-NEXT"),
    Column::number("RECORDS"),
    Column::words("STATE"),
];

/// Holds one partition's end; JSON has the same names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FinalPosition {
    /// The flow.
    #[serde(skip)]
    pub flow: String,
    /// The source topic.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
    /// Next source offset to copy; unknown where the partition never found its place.
    pub source_next: Option<i64>,
    /// Next target offset.
    pub target_next: Option<i64>,
    /// Records copied by this process.
    pub records: u64,
    /// Bytes of their batches.
    pub bytes: u64,
    /// Batches whose bytes were kept.
    pub passed_through: u64,
    /// Batches decoded and encoded anew.
    pub reencoded: u64,
    /// The state it ended in, one word such as `caught_up`.
    pub state: String,
}

/// Lays the positions out: per partition up to 30 rows, per topic above. Topics are added up only in
/// RECORDS: offsets of different partitions have no sum.
pub fn positions_table(positions: &[FinalPosition]) -> String {
    let mut table = Table::new(&COLUMNS);
    if positions.len() <= ROWS_MAX {
        for position in positions {
            table.row([
                position.flow.clone(),
                position.topic.clone(),
                position.partition.to_string(),
                or_unknown(position.source_next, |offset| offset.to_string()),
                or_unknown(position.target_next, |offset| offset.to_string()),
                position.records.to_string(),
                position.state.clone(),
            ]);
        }
        return table.render();
    }
    let mut topics: BTreeMap<(&str, &str), Vec<&FinalPosition>> = BTreeMap::new();
    for position in positions {
        topics.entry((&position.flow, &position.topic)).or_default().push(position);
    }
    for ((flow, topic), partitions) in topics {
        table.row([
            flow.to_owned(),
            topic.to_owned(),
            format!("all-{}", partitions.len()),
            String::new(),
            String::new(),
            partitions.iter().map(|position| position.records).sum::<u64>().to_string(),
            states(&partitions),
        ]);
    }
    table.render()
}

/// Counts the states of a topic's partitions, such as `caught_up=298,stopped=2`.
fn states(partitions: &[&FinalPosition]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for position in partitions {
        *counts.entry(&position.state).or_default() += 1;
    }
    counts.iter().map(|(state, count)| format!("{state}={count}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(partition: i32) -> FinalPosition {
        FinalPosition {
            flow: "us-eu".into(),
            topic: "orders".into(),
            partition,
            source_next: (partition != 1).then_some(9_466_007),
            target_next: Some(12),
            records: 10,
            bytes: 1000,
            passed_through: 1,
            reencoded: 0,
            state: if partition == 1 { "stopped" } else { "caught_up" }.into(),
        }
    }

    #[test]
    fn few_partitions_have_a_row_each_within_80_columns() {
        let text = positions_table(&[position(0), position(1)]);
        assert_eq!(
            text,
            "FLOW   TOPIC   PARTITION  SOURCE-NEXT  TARGET-NEXT  RECORDS  STATE\n\
             us-eu  orders          0      9466007           12       10  caught_up\n\
             us-eu  orders          1            -           12       10  stopped"
        );
    }

    #[test]
    fn many_partitions_have_a_row_per_topic_that_still_shows_what_stopped() {
        let positions: Vec<FinalPosition> = (0..300).map(position).collect();
        let text = positions_table(&positions);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("all-300") && text.contains("3000  caught_up=299,stopped=1"), "{text}");
        assert!(text.lines().all(|line| line.split_whitespace().count() == 7), "{text}");
    }
}

//! Records that were acknowledged and are not where they should be.

use std::io::{self, Write};

use serde::Serialize;

use super::thousandths;
use crate::drill::evidence::Region;
use crate::drill::oracle::{Findings, Missing};
use crate::report::table::{Column, Table};

/// Lost records listed one by one; all of them are counted, and [`write`] writes all.
pub const LISTED_MAX: usize = 20;

/// Says what each field of a record holds; docs/json.md is made from here.
pub const FIELDS: &[(&str, &str)] = &[
    ("missing_at", "whose log does not have it: `target`, or `source` where it never came back there"),
    ("key", "its key"),
    ("partition", "its partition"),
    ("number", "its number in the partition"),
    ("leg", "when it was sent: `home`, `away` or `back`"),
    ("offset", "the offset it was acknowledged with, in that leg's region"),
    ("acknowledged_seconds", "when it was acknowledged, from the drill's start"),
    ("announced", "whether it was announced as missing"),
];

static COLUMNS: [Column; 6] = [
    Column::words("KEY"),
    Column::number("PARTITION"),
    Column::number("OFFSET"),
    Column::number("ACKNOWLEDGED"),
    Column::words("LEG"),
    Column::words("ANNOUNCED"),
];

/// Holds one lost record as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct MissingLine {
    missing_at: &'static str,
    key: String,
    partition: i32,
    number: u64,
    leg: &'static str,
    offset: i64,
    acknowledged_seconds: f64,
    announced: bool,
}

impl MissingLine {
    fn new(region: Region, missing: &Missing, keys: Option<u64>) -> Self {
        let Missing { partition, number, leg, offset, at, is_announced } = *missing;
        Self {
            missing_at: region.word(),
            key: key(partition, number, keys),
            partition,
            number,
            leg: leg.word(),
            offset,
            acknowledged_seconds: thousandths(at),
            announced: is_announced,
        }
    }
}

/// Returns the key of a record as the application writes it.
fn key(partition: i32, number: u64, keys: Option<u64>) -> String {
    let key = keys.filter(|keys| *keys > 0).map_or(number, |keys| number % keys);
    format!("order-{partition}-{key}")
}

/// Lists the first records that the target does not have; those lost without a word come first, then
/// the earliest. `keys` is how many
/// keys each partition has, where that is limited.
pub(super) fn first(findings: &Findings, keys: Option<u64>) -> Vec<MissingLine> {
    let mut lost: Vec<&Missing> = findings.lost().iter().collect();
    lost.sort_by_key(|missing| (missing.is_announced, missing.at));
    let listed = lost.into_iter().take(LISTED_MAX);
    listed.map(|missing| MissingLine::new(Region::Target, missing, keys)).collect()
}

/// Writes every lost record as one JSON object a line; returns how many there are.
pub fn write(findings: &Findings, keys: Option<u64>, mut out: impl Write) -> io::Result<usize> {
    let mut written = 0;
    for region in [Region::Target, Region::Source] {
        for missing in findings.logs.get(&region).map_or(&[][..], |log| &log.lost) {
            serde_json::to_writer(&mut out, &MissingLine::new(region, missing, keys))?;
            out.write_all(b"\n")?;
            written += 1;
        }
    }
    out.flush()?;
    Ok(written)
}

/// Lays lost records out.
pub(super) fn table(missing: &[MissingLine]) -> String {
    let mut table = Table::new(&COLUMNS);
    for line in missing {
        table.row([
            line.key.clone(),
            line.partition.to_string(),
            line.offset.to_string(),
            format!("{:.3}s", line.acknowledged_seconds),
            line.leg.to_owned(),
            if line.announced { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;
    use crate::drill::evidence::Leg;
    use crate::drill::oracle::InLog;

    fn missing(number: u64, is_announced: bool) -> Missing {
        let at = Duration::from_millis(1500);
        Missing { partition: 2, number, leg: Leg::Home, offset: 7, at, is_announced }
    }

    #[test]
    fn g11_every_lost_record_is_written_and_the_silent_ones_are_listed_first() {
        let lost = (0..50).map(|number| missing(number, number != 49)).collect();
        let target = InLog { lost, ..InLog::default() };
        let source = InLog { lost: vec![missing(3, false)], ..InLog::default() };
        let logs = [(Region::Target, target), (Region::Source, source)].into();
        let findings = Findings { logs, ..Findings::default() };
        let mut out = Vec::new();
        assert_eq!(write(&findings, Some(10), &mut out).unwrap(), 51);
        let lines = std::str::from_utf8(&out).unwrap().lines();
        let lines: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[50]["missing_at"]), (51, &"source".into()));
        assert_eq!(
            (&lines[12]["key"], &lines[12]["acknowledged_seconds"]),
            (&"order-2-2".into(), &1.5.into())
        );
        let told: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
        let mut documented: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        documented.sort_unstable();
        assert_eq!(told, documented);
        let listed = first(&findings, None);
        assert_eq!((listed.len(), listed[0].number, listed[0].key.as_str()), (LISTED_MAX, 49, "order-2-49"));
    }
}

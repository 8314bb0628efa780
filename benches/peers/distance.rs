//! `--rtt`: the same copies with a delaying proxy before the source, then before the target.

use std::time::Duration;

use crate::bed::{Bed, Way};
use crate::copy::Took;
use crate::fill::Filled;
use crate::options::Tool;
use crate::table::{Row, markdown, seconds};
use crate::{relay, say};

/// Runs each tool near, through proxies that do not delay (they take their share of the cores too), and
/// far at either end. The percentages are of the pace from first to last record.
pub fn compare(
    bed: &Bed,
    filled: &Filled,
    tools: &[Tool],
    round_trip: Duration,
    run: impl Fn(Tool, Way) -> Row,
) {
    say(&format!(
        "the proxy alone, one connection: {:.0} MB/s without delay, {:.0} MB/s at {round_trip:?}",
        relay::rate(Duration::ZERO) / 1e6,
        relay::rate(round_trip) / 1e6,
    ));
    let ways = [
        ("near", Way::Near, Duration::ZERO),
        ("proxied source, no delay", Way::ProxiedSource, Duration::ZERO),
        ("proxied target, no delay", Way::ProxiedTarget, Duration::ZERO),
        ("far source", Way::ProxiedSource, round_trip),
        ("far target", Way::ProxiedTarget, round_trip),
    ];
    let title = format!("{} at {round_trip:?}", filled.workload.topic());
    let header =
        [&title, "", "wall s", "start-up s", "copying s", "MB/s", "% of near", "% of the same way, no delay"];
    let mut table = markdown(&[&header[..], &["CPU s", "peak MB"]].concat());
    for tool in tools {
        let mut done: Vec<(Way, Took)> = Vec::new();
        for (name, way, delay) in ways {
            bed.set_round_trip(delay);
            let took = run(*tool, way).took;
            let share_of = |way: Way| {
                let base = done.iter().find(|(known, _)| *known == way).map_or(took, |(_, base)| *base);
                format!("{:.0}", 100.0 * seconds(base.copying) / seconds(took.copying))
            };
            table.add_row([
                tool.title().to_owned(),
                name.to_owned(),
                format!("{:.2}", seconds(took.wall)),
                format!("{:.2}", seconds(took.start_up)),
                format!("{:.2}", seconds(took.copying)),
                format!("{:.0}", filled.gigabytes() * 1e3 / seconds(took.copying)),
                share_of(Way::Near),
                share_of(way),
                format!("{:.2}", seconds(took.cpu)),
                format!("{:.0}", took.peak_bytes as f64 / 1e6),
            ]);
            done.push((way, took));
        }
    }
    bed.set_round_trip(Duration::ZERO);
    say(&format!("\n{table}\n"));
}

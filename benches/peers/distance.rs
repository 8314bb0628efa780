//! `--rtt`: the same copies with a delaying proxy before the source, then before the target.

use std::time::Duration;

use crate::bed::{Bed, Way};
use crate::fill::Filled;
use crate::options::Tool;
use crate::table::{Row, markdown, seconds};
use crate::{relay, say};

/// One tool's seconds from first to last record, and for the whole run.
#[derive(Clone, Copy)]
struct Pace {
    copying: Duration,
    wall: Duration,
}

/// Runs each tool near, through proxies that do not delay, and far at either end.
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
    let mut table = markdown(&[
        &title,
        "",
        "wall s",
        "copying s",
        "MB/s",
        "% of near",
        "% of near, whole run",
        "CPU s",
        "peak MB",
    ]);
    for tool in tools {
        let mut near = None;
        for (name, way, delay) in ways {
            // What the proxy costs the two cores is only of interest for Strait.
            if *tool != Tool::Strait && way != Way::Near && delay.is_zero() {
                continue;
            }
            bed.set_round_trip(delay);
            let took = run(*tool, way).took;
            let pace = Pace { copying: took.copying, wall: took.wall };
            let near = *near.get_or_insert(pace);
            table.add_row([
                tool.title().to_owned(),
                name.to_owned(),
                format!("{:.2}", seconds(pace.wall)),
                format!("{:.2}", seconds(pace.copying)),
                format!("{:.0}", filled.gigabytes() * 1e3 / seconds(pace.copying)),
                format!("{:.0}", 100.0 * seconds(near.copying) / seconds(pace.copying)),
                format!("{:.0}", 100.0 * seconds(near.wall) / seconds(pace.wall)),
                format!("{:.2}", seconds(took.cpu)),
                format!("{:.0}", took.peak_bytes as f64 / 1e6),
            ]);
        }
    }
    bed.set_round_trip(Duration::ZERO);
    say(&format!("\n{table}\n"));
}

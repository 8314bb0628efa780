//! A rehearsal as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

use clap::ValueEnum;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::missing::LISTED_MAX;
use super::plain;
use super::rehearsal::{About, Rehearsal};
use super::text::ceiling;
use super::timeline::Timeline;
use crate::config::settings::ClusterSettings;
use crate::drill::play::plan::Plan;
use crate::drill::play::played::Played;
use crate::report::human::real;

/// The template; that its name ends in `.html` has everything escaped.
const NAME: &str = "page.html";
const TEMPLATE: &str = include_str!("page.html");
/// Stands for what is not known.
const UNKNOWN: &str = "unknown";

/// Says that the page could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the page's template is not sound")]
pub struct PageError(#[from] minijinja::Error);

#[derive(Serialize)]
struct Page<'a> {
    rehearsal: &'a Rehearsal,
    timeline: Timeline,
    what: String,
    summary: Vec<Tile>,
    bars: Vec<Bar>,
    settings: Vec<(&'static str, String)>,
    figures: Vec<(&'static str, Option<u64>)>,
    listed_max: usize,
    again: String,
    version: &'static str,
}

/// One of the figures on top.
#[derive(Serialize)]
struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

/// A bar with its parts.
#[derive(Serialize)]
struct Bar {
    name: &'static str,
    total: String,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    name: &'static str,
    value: String,
    percent: f64,
    class: &'static str,
}

/// Writes the page.
pub fn render(plan: &Plan, played: &Played, about: &About) -> Result<String, PageError> {
    let rehearsal = &Rehearsal::new(plan, played, about);
    let help = plan.scenario.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
    let page = Page {
        rehearsal,
        timeline: Timeline::new(played),
        what: help.unwrap_or_default(),
        summary: summary(rehearsal),
        bars: bars(rehearsal),
        settings: settings(plan, rehearsal),
        figures: figures(rehearsal),
        listed_max: LISTED_MAX,
        again: plain(&about.again),
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("seconds", |value: Option<f64>| seconds(value));
    environment.add_filter("known", |value: Option<Value>| value.unwrap_or_else(|| Value::from(UNKNOWN)));
    environment.add_filter("dash", |value: Option<Value>| value.unwrap_or_else(|| Value::from("-")));
    environment.add_filter("words", |value: String| value.replace('_', " "));
    Ok(environment.render_named_str(NAME, TEMPLATE, Value::from(Serde(&page)))?)
}

fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{value:.3} s"))
}

fn count(value: Option<u64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

fn limit(limit: Option<String>) -> String {
    limit.map_or_else(|| "no limit set".to_owned(), |limit| format!("limit {limit}"))
}

fn summary(rehearsal: &Rehearsal) -> Vec<Tile> {
    let Rehearsal { figures, ceilings, rpo, .. } = rehearsal;
    let short =
        |value: Option<f64>| value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{value:.1} s"));
    let announced = match (figures.lost, figures.lost_unannounced) {
        (Some(0), _) => "no acknowledged record is missing".to_owned(),
        (_, Some(0)) => "all announced as missing".to_owned(),
        (_, Some(unannounced)) => format!("{unannounced} of them without a word"),
        (_, None) => "the target's log was not read".to_owned(),
    };
    let total = rehearsal.failover().and_then(|change| change.total_seconds);
    let max = |max: Option<u64>| limit(max.map(|max| max.to_string()));
    vec![
        Tile {
            name: "Lost",
            value: count(figures.lost),
            note: format!("{announced}; {}", max(ceilings.lost_max)),
        },
        Tile { name: "RPO", value: short(rpo.seconds), note: limit(ceilings.rpo_max_seconds.map(ceiling)) },
        Tile { name: "RTO", value: short(total), note: limit(ceilings.rto_max_seconds.map(ceiling)) },
        Tile {
            name: "Processed again",
            value: figures.reprocessed.to_string(),
            note: max(ceilings.reprocessed_max),
        },
    ]
}

/// Draws RPO, and the changes of region to one scale.
fn bars(rehearsal: &Rehearsal) -> Vec<Bar> {
    let mut bars = vec![lost_bar(rehearsal)];
    let totals = rehearsal.rto.iter().filter_map(|change| change.total_seconds);
    let longest = totals.fold(0.001, f64::max);
    for change in &rehearsal.rto {
        let name = if change.leg == "back" { "RTO, failback" } else { "RTO, failover" };
        let classes = ["part-1", "part-2", "part-3", "part-4"];
        let parts = change.parts().into_iter().zip(classes).filter_map(|((name, value), class)| {
            let value = value?;
            Some(Part { name, value: seconds(Some(value)), percent: share(value, longest), class })
        });
        let total = change
            .total_seconds
            .map_or_else(|| "did not come to its end".to_owned(), |all| seconds(Some(all)));
        bars.push(Bar { name, total, parts: parts.collect() });
    }
    bars
}

/// Draws what was lost: announced, and not.
fn lost_bar(rehearsal: &Rehearsal) -> Bar {
    let figures = &rehearsal.figures;
    let part = |name, value: Option<u64>, class| {
        let percent = share(real(value?), real(figures.lost.filter(|lost| *lost > 0)?));
        Some(Part { name, value: count(value), percent, class })
    };
    let parts = [
        part("announced", figures.lost_announced(), "part-2"),
        part("not announced", figures.lost_unannounced, "part-bad"),
    ];
    let total = match figures.lost {
        Some(lost) => format!("{lost} records, {}", seconds(rehearsal.rpo.seconds)),
        None => UNKNOWN.to_owned(),
    };
    Bar { name: "RPO", total, parts: parts.into_iter().flatten().collect() }
}

fn share(value: f64, whole: f64) -> f64 {
    (1000.0 * value / whole).round() / 10.0
}

/// Lists what the drill was set up with. Logins are no part of it.
fn settings(plan: &Plan, rehearsal: &Rehearsal) -> Vec<(&'static str, String)> {
    let load = &rehearsal.load;
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let max = |max: Option<u64>| max.map_or_else(|| "none".to_owned(), |max| max.to_string());
    let time = |max: Option<f64>| max.map_or_else(|| "none".to_owned(), ceiling);
    let ceilings = &rehearsal.ceilings;
    vec![
        ("scenario", rehearsal.scenario.to_owned()),
        ("flow", rehearsal.of_flow.clone()),
        ("source cluster", cluster(&plan.source)),
        ("target cluster", cluster(&plan.target)),
        ("topic", rehearsal.topic.clone()),
        ("consumer group", rehearsal.group.clone()),
        ("records per second", load.rate_per_second.to_string()),
        ("bytes of a value, at least", load.size_bytes.to_string()),
        ("partitions", load.partitions.to_string()),
        ("works before the switch", ceiling(load.duration_seconds)),
        ("writes in transactions", yes(load.transactional)),
        ("topic is compacted", yes(load.compacted)),
        ("comes back to the source", yes(rehearsal.comes_back)),
        ("limit: records lost", max(ceilings.lost_max)),
        ("limit: RPO", time(ceilings.rpo_max_seconds)),
        ("limit: RTO", time(ceilings.rto_max_seconds)),
        ("limit: processed again", max(ceilings.reprocessed_max)),
        ("seed", rehearsal.seed.clone()),
    ]
}

fn cluster(settings: &ClusterSettings) -> String {
    let servers = settings.bootstrap_servers.iter().map(|server| format!("{}:{}", server.host, server.port));
    let servers: Vec<String> = servers.collect();
    plain(&format!("{} ({})", settings.alias, servers.join(", ")))
}

fn figures(rehearsal: &Rehearsal) -> Vec<(&'static str, Option<u64>)> {
    let figures = &rehearsal.figures;
    vec![
        ("acknowledged in the source region", Some(figures.acknowledged_source)),
        ("acknowledged in the target region", figures.acknowledged_target),
        ("acknowledged after the failback", figures.acknowledged_back),
        ("arrived at the target", figures.arrived),
        ("lost", figures.lost),
        ("lost without a word", figures.lost_unannounced),
        ("taken by compaction", figures.superseded),
        ("more than once in a log", figures.doubled),
        ("out of order", figures.reordered),
        ("arrived and processed nowhere", figures.skipped),
        ("processed again", Some(figures.reprocessed)),
        ("sends without an answer", Some(figures.unknown)),
        ("of these arrived", Some(figures.unknown_arrived)),
        ("sends that failed", Some(figures.failed)),
        ("sends in aborted transactions", Some(figures.aborted)),
    ]
}

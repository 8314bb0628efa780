//! Flows against each other: the same topics written twice, and records that come back.

use crate::config::language::witness;
use crate::config::settings::{FlowSettings as Flow, Origin};
use crate::validate::finding::Notes;
use crate::validate::view::FileView;

/// Says that flows write the same topics, or copy each other's copies.
pub fn flows_overlap(view: &FileView<'_>, notes: &mut Notes) {
    for_each_overlap(view, true, notes);
}

/// Says the same of flows from different clusters, which is wrong only where both have such a topic.
pub fn flows_may_overlap(view: &FileView<'_>, notes: &mut Notes) {
    for_each_overlap(view, false, notes);
}

fn for_each_overlap(view: &FileView<'_>, same_source: bool, notes: &mut Notes) {
    let flows: Vec<_> = view.settings.flows.values().collect();
    for (index, second) in flows.iter().enumerate() {
        for first in &flows[..index] {
            if first.target != second.target || (first.source == second.source) != same_source {
                continue;
            }
            let witness = shared_name(view, first, second).or_else(|| shared_name(view, second, first));
            if let Some(topic) = witness {
                let (one, two, target) = (&first.name, &second.name, &second.target);
                let message = format!(
                    "flows `{one}` and `{two}` both write topics of cluster `{target}`, such as `{topic}`"
                );
                let help = "give one of them another `rename`, or let each topic be copied by one flow only";
                notes.found(&["flows", two.as_str(), "topics"], message, help);
            }
        }
    }
}

/// Returns a name at the target that both flows would write: one made up for a pattern of the first.
fn shared_name(view: &FileView<'_>, first: &Flow, second: &Flow) -> Option<String> {
    names(view, first)
        .map(|name| renamed(first, &name))
        .find(|written| second.rename.source_of(written).is_some_and(|name| second.topics.matches(&name)))
}

fn names(view: &FileView<'_>, flow: &Flow) -> impl Iterator<Item = String> {
    let texts = view.places.texts(&["flows", flow.name.as_str(), "topics"]);
    texts.into_iter().filter_map(|text| witness(&text)).filter(|name| flow.topics.matches(name))
}

fn renamed(flow: &Flow, name: &str) -> String {
    flow.rename.apply(name)
}

/// Flows of one circle that are looked at; longer circles are nobody's.
const CIRCLE_FLOWS_MAX: usize = 8;

/// Says that a record can come back to the cluster it was first written to.
///
/// A flow with `origin = "local"` copies only what was first written at its source (guarantee G7), so it
/// can only be the first step of a circle. Every later step has to have `origin = "any"`.
pub fn flows_loop(view: &FileView<'_>, notes: &mut Notes) {
    let flows = || view.settings.flows.values();
    let candidates: Vec<String> = flows().flat_map(|flow| names(view, flow)).collect();
    for last in flows().filter(|flow| flow.origin == Origin::Any) {
        let begins = flows().filter(|first| first.source == last.target);
        let found = begins
            .flat_map(|first| candidates.iter().map(move |name| (first, name)))
            .find_map(|(first, name)| way_to(view, last, name, vec![first]).map(|way| (way, name)));
        if let Some((way, name)) = found {
            let flows: Vec<&str> = way.iter().map(|flow| flow.name.as_str()).collect();
            let message = format!(
                "records of cluster `{}` come back to it by the flows {}, such as those of `{name}`",
                last.target,
                flows.join(", ")
            );
            let help = "set origin = \"local\", which copies only what was first written at the source";
            notes.found(&["flows", last.name.as_str(), "origin"], message, help);
        }
    }
}

/// Follows a record of topic `name` along `way`; returns the flows, of which the last is `last`, that it
/// is copied by.
fn way_to<'a>(view: &FileView<'a>, last: &'a Flow, name: &str, way: Vec<&'a Flow>) -> Option<Vec<&'a Flow>> {
    let step = *way.last()?;
    if !step.topics.matches(name) {
        return None;
    }
    if step.name == last.name {
        return (way.len() > 1).then_some(way);
    }
    if way.len() == CIRCLE_FLOWS_MAX {
        return None;
    }
    let written = renamed(step, name);
    let next = view.settings.flows.values().filter(|next| {
        let is_new = !way.iter().any(|passed| passed.name == next.name);
        next.source == step.target && next.origin == Origin::Any && is_new
    });
    next.into_iter().find_map(|next| {
        let way: Vec<&Flow> = way.iter().copied().chain([next]).collect();
        way_to(view, last, &written, way)
    })
}

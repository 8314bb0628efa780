//! Rules between tables: flows against each other, and limits against the clusters'.

use std::collections::BTreeMap;

use super::Context;
use crate::config::error::ConfigError;
use crate::config::raw::{At, Named, RawFlow};
use crate::config::settings::{FlowSettings, Settings};
use crate::types::ClusterAlias;

pub(super) fn check(context: &mut Context<'_>, raw: &Named<RawFlow>, settings: &Settings) {
    let mut sound: Vec<(&At<String>, &RawFlow, &FlowSettings)> = raw
        .iter()
        .filter_map(|(name, raw)| Some((name, raw, settings.flows.get(name.value().as_str())?)))
        .collect();
    sound.sort_by_key(|(name, ..)| name.span());
    same_target(context, &sound);
    for (_, raw, flow) in sound {
        retry_too_short(context, raw, flow, settings);
    }
}

/// Two writers of one topic would interleave. Known here only where both name the topic itself.
fn same_target(context: &mut Context<'_>, flows: &[(&At<String>, &RawFlow, &FlowSettings)]) {
    let mut writers: BTreeMap<(&ClusterAlias, String), &At<String>> = BTreeMap::new();
    for (name, raw, flow) in flows {
        for topic in flow.topics.literals() {
            let written = flow.rename.apply(topic);
            let Some(other) = writers.get(&(&flow.target, written.clone())) else {
                writers.insert((&flow.target, written), name);
                continue;
            };
            if other == name {
                continue;
            }
            let typed = raw.topics.iter().flat_map(At::value).find(|typed| typed.value() == topic);
            let error = ConfigError::SameTarget {
                flow: name.value().clone(),
                other: other.value().clone(),
                line: context.source.place(other.span().start).line,
                topic: written,
                cluster: flow.target.to_string(),
            };
            context.error(typed.unwrap_or(name), error);
        }
    }
}

/// Retries that end before one request may time out are no retries.
fn retry_too_short(context: &mut Context<'_>, raw: &RawFlow, flow: &FlowSettings, settings: &Settings) {
    // The default retry_timeout can only be too short for a request_timeout longer than it.
    let typed = raw.limits.as_ref().and_then(|limits| limits.retry_timeout.as_ref());
    let retry = flow.limits.retry_timeout;
    let ends = [(&flow.source, &raw.source), (&flow.target, &raw.target)];
    let slow = ends.into_iter().find_map(|(alias, end)| {
        let cluster = settings.clusters.get(alias)?;
        (retry < cluster.request_timeout).then_some((cluster, end.as_ref()))
    });
    if let Some((cluster, end)) = slow
        && let Some(at) = typed.or(end)
    {
        let error = ConfigError::RetryTooShort {
            retry,
            request: cluster.request_timeout,
            cluster: cluster.alias.to_string(),
        };
        context.error(at, error);
    }
}

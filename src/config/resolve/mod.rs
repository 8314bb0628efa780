//! From what was typed to what it means; collects every error on the way.

mod aws;
pub(in crate::config) mod cluster;
mod conflicts;
mod flow;
mod login;
mod values;

use std::collections::BTreeMap;

use super::error::{ConfigError, ConfigWarning, Span};
use super::load::Loaded;
use super::raw::{At, RawFile};
use super::secret::Environment;
use super::settings::Settings;
use super::source::SourceText;

/// Carries what every rule needs: the file, the environment, and where findings go.
pub(super) struct Context<'a> {
    source: &'a SourceText,
    dir: &'a std::path::Path,
    /// Looks up environment variables; `None` where secrets are not to be fetched.
    env: Option<Environment<'a>>,
    report: &'a mut dyn FnMut(Span, ConfigError),
    warnings: Vec<ConfigWarning>,
}

impl Context<'_> {
    fn error<T>(&mut self, at: &At<T>, error: ConfigError) {
        (self.report)(at.span(), error);
    }
}

/// Resolves a file of sound shape. `None` only after an error was reported.
pub(super) fn resolve(
    raw: &RawFile,
    source: &SourceText,
    env: Option<Environment<'_>>,
    report: &mut dyn FnMut(Span, ConfigError),
) -> Option<Loaded> {
    // A bare file name has the empty path as its parent, which joins to itself.
    let dir = source.path().parent().unwrap_or_else(|| std::path::Path::new(""));
    let mut context = Context { source, dir, env, report, warnings: Vec::new() };
    let (clusters, flows) = (raw.clusters.as_ref(), raw.flows.as_ref());
    if clusters.is_some_and(BTreeMap::is_empty) {
        (context.report)(Span::default(), ConfigError::NoClusters);
    }
    if flows.is_some_and(BTreeMap::is_empty) {
        (context.report)(Span::default(), ConfigError::NoFlows);
    }
    let mut settings =
        Settings { path: source.path().to_owned(), clusters: BTreeMap::new(), flows: BTreeMap::new() };
    for (name, cluster) in clusters.into_iter().flatten() {
        if let Some(cluster) = cluster::resolve(&mut context, name, cluster) {
            settings.clusters.insert(cluster.alias.clone(), cluster);
        }
    }
    // A cluster with an error of its own is still known to the flows that name it.
    let known: Option<Vec<&str>> =
        clusters.map(|clusters| clusters.keys().map(|name| name.value().as_str()).collect());
    for (name, flow) in flows.into_iter().flatten() {
        if let Some(flow) = flow::resolve(&mut context, name, flow, known.as_deref()) {
            settings.flows.insert(flow.name.clone(), flow);
        }
    }
    if let Some(flows) = flows {
        conflicts::check(&mut context, flows, &settings);
    }
    Some(Loaded { settings, warnings: context.warnings })
}

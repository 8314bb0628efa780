//! Making all checks, and adding up what they say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;

use super::facts::{ClusterFacts, FlowFacts};
use super::finding::{Advice, Finding, Notes, Outcome, Severity, Subject};
use super::registry::{CLUSTER, Check, FILE, FLOW, How, LITERAL_SECRET, PLAIN_ENDPOINT, READING, find};
use super::view::{ClusterView, FileView, FlowView};
use super::{collect, collect_flow};
use crate::config::places::Places;
use crate::config::settings::{FlowSettings, Settings};
use crate::config::source::Place;
use crate::config::{ConfigFailure, ConfigWarning};
use crate::exit::Exit;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::types::ClusterAlias;

/// Holds one check of one subject.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The check.
    pub check: &'static Check,
    /// What it looked at.
    pub subject: Subject,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found, in the order of the file.
    pub findings: Vec<Finding>,
}

/// Holds all checks that were made, or could not be.
#[derive(Clone, Debug)]
pub struct Report {
    /// The file.
    pub file: PathBuf,
    /// The checks, the file's first, then those of each cluster, then those of each flow.
    pub ran: Vec<Ran>,
    /// The clusters that could not be reached.
    pub unreached: Vec<ClusterAlias>,
}

impl Report {
    /// Lists the findings in the order of the checks.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.ran.iter().flat_map(|ran| &ran.findings)
    }

    /// Counts the findings of one severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings().filter(|finding| finding.severity == severity).count()
    }

    /// Lists the checks that could not be made, each with the reason.
    pub fn unknown(&self) -> impl Iterator<Item = (&Ran, &str)> {
        self.ran.iter().filter_map(|ran| match &ran.outcome {
            Outcome::Unknown(why) => Some((ran, why.as_str())),
            _ => None,
        })
    }

    /// Says how the run ended: a cluster out of reach before findings, findings before what is unknown.
    pub fn exit(&self) -> Exit {
        match () {
            () if !self.unreached.is_empty() => Exit::Failed,
            () if self.count(Severity::Error) > 0 => Exit::Bad,
            () if self.unknown().next().is_some() => Exit::Inconclusive,
            () => Exit::Done,
        }
    }

    /// Makes errors of all warnings.
    pub fn strict(mut self) -> Self {
        for finding in self.ran.iter_mut().flat_map(|ran| &mut ran.findings) {
            finding.severity = Severity::Error;
        }
        self
    }
}

/// Reports a file that is not sound: each of its errors, under the check that is named like it.
pub fn unsound(failure: &ConfigFailure) -> Report {
    let mut report = Report { file: PathBuf::new(), ran: Vec::new(), unreached: Vec::new() };
    let mut findings: BTreeMap<&'static str, Vec<Finding>> = BTreeMap::new();
    for found in failure.findings() {
        report.file = found.file;
        let name = found.code.strip_prefix("config::").unwrap_or(found.code).replace('_', "-");
        let check = find(&name).unwrap_or(&READING[0]);
        findings.entry(check.name).or_default().push(Finding {
            check: check.name,
            severity: check.severity,
            subject: Subject::File,
            place: Place { line: found.line, column: found.column },
            message: found.message,
            advice: found.help.map_or(Advice::None, Advice::Text),
        });
    }
    report.ran = reading(findings);
    // What comes after reading was not looked at, and is not said to be right.
    report.ran.extend(FILE.iter().map(|check| Ran {
        check,
        subject: Subject::File,
        outcome: Outcome::Unknown("the file has to be read first".to_owned()),
        findings: Vec::new(),
    }));
    report
}

fn reading(mut findings: BTreeMap<&'static str, Vec<Finding>>) -> Vec<Ran> {
    let made = |check: &'static Check| Ran {
        check,
        subject: Subject::File,
        outcome: Outcome::Made,
        findings: findings.remove(check.name).unwrap_or_default(),
    };
    READING.iter().map(made).collect()
}

/// Checks a file that could be read, without a network.
pub fn offline(places: &Places<'_>, settings: &Settings, warnings: &[ConfigWarning]) -> Report {
    let mut findings: BTreeMap<&'static str, Vec<Finding>> = BTreeMap::new();
    for warning in warnings {
        let (check, line, column, message, advice) = match warning {
            ConfigWarning::LiteralSecret { line, column, key, .. } => {
                let message = format!("`{key}` has the secret itself");
                (LITERAL_SECRET, line, column, message, "write env:NAME or file:PATH")
            }
            ConfigWarning::PlainEndpoint { line, column, key, .. } => {
                let message = format!("`{key}` is not encrypted: whoever listens learns the client secret");
                (PLAIN_ENDPOINT, line, column, message, "use https")
            }
        };
        findings.entry(check).or_default().push(Finding {
            check,
            severity: Severity::Warning,
            subject: Subject::File,
            place: Place { line: *line, column: *column },
            message,
            advice: Advice::Text(advice.to_owned()),
        });
    }
    let mut ran = reading(findings);
    let view = FileView { settings, places };
    for check in FILE {
        let How::File(function) = check.how else { continue };
        ran.push(make(places, check, Subject::File, |notes| function(&view, notes)));
    }
    Report { file: settings.path.clone(), ran, unreached: Vec::new() }
}

/// Makes one check.
fn make(
    places: &Places<'_>,
    check: &'static Check,
    subject: Subject,
    function: impl FnOnce(&mut Notes),
) -> Ran {
    let mut notes = Notes::default();
    function(&mut notes);
    let (found, outcome) = notes.settle();
    let mut findings: Vec<Finding> = found
        .into_iter()
        .map(|(path, message, advice)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let (check, severity, subject) = (check.name, check.severity, subject.clone());
            Finding { check, severity, subject, place: places.of(&path), message, advice }
        })
        .collect();
    findings.sort_by_key(|finding| finding.place);
    Ran { check, subject, outcome, findings }
}

/// Adds the checks of the flows' clusters and of the flows to what was found offline.
///
/// A cluster that cannot be reached is tried again for as long as `timeout`.
pub async fn online(
    mut report: Report,
    places: &Places<'_>,
    settings: &Settings,
    flows: &[FlowSettings],
    timeout: Option<Duration>,
) -> Report {
    let used = |alias: &ClusterAlias| flows.iter().any(|flow| flow.source == *alias || flow.target == *alias);
    let aliases: Vec<&ClusterAlias> = settings.clusters.keys().filter(|alias| used(alias)).collect();
    let asked = aliases.iter().map(|alias| collect::cluster(&settings.clusters[*alias], timeout));
    let clusters: BTreeMap<&ClusterAlias, (ClusterFacts, Option<Cluster>)> =
        aliases.iter().copied().zip(join_all(asked).await).collect();
    for (alias, (facts, _)) in &clusters {
        if facts.told.is_none() {
            report.unreached.push((*alias).clone());
        }
        let view = ClusterView { settings: &settings.clusters[*alias], facts };
        for check in CLUSTER {
            let How::Cluster(function) = check.how else { continue };
            let subject = Subject::Cluster((*alias).clone());
            report.ran.push(make(places, check, subject, |notes| function(&view, notes)));
        }
    }
    let facts = join_all(flows.iter().map(|flow| ask_flow(settings, flow, &clusters))).await;
    for (flow, facts) in flows.iter().zip(&facts) {
        let end = |alias: &ClusterAlias| &clusters[alias].0;
        let cluster = |alias| ClusterView { settings: &settings.clusters[alias], facts: end(alias) };
        let view = FlowView {
            settings: flow,
            source: cluster(&flow.source),
            target: cluster(&flow.target),
            facts: facts.as_ref().ok().and_then(Option::as_ref),
        };
        for check in FLOW {
            let How::Flow(function) = check.how else { continue };
            let mut ran =
                make(places, check, Subject::Flow(flow.name.clone()), |notes| function(&view, notes));
            if let (Err(error), Outcome::Unknown(why)) = (facts, &mut ran.outcome) {
                *why = error.to_string();
            }
            report.ran.push(ran);
        }
    }
    report
}

/// Asks about a flow where both its clusters can be used.
async fn ask_flow(
    settings: &Settings,
    flow: &FlowSettings,
    clusters: &BTreeMap<&ClusterAlias, (ClusterFacts, Option<Cluster>)>,
) -> Result<Option<FlowFacts>, KafkaError> {
    let end = |alias: &ClusterAlias| {
        clusters.get(alias).and_then(|(facts, cluster)| facts.told.as_ref().zip(cluster.as_ref()))
    };
    let (Some((told, source)), Some((_, target))) = (end(&flow.source), end(&flow.target)) else {
        return Ok(None);
    };
    let others = settings.flows.values().filter(|other| other.target == flow.source);
    let opposite = others.map(collect_flow::state_topic).collect();
    collect_flow::flow(flow, (source, target), &told.metadata, opposite).await.map(Some)
}

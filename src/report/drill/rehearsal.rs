//! How `strait failover-test` came out, as one object: programs read it, and text, JUnit and page are made from it.

use jiff::Timestamp;
use serde::Serialize;

use super::figures::Figures;
use super::missing::{self, MissingLine};
use super::promises::PromiseLine;
use super::recovery::Recovery;
use super::{plain, thousandths};
use crate::drill::evidence::{Evidence, Leg, Region};
use crate::drill::oracle::{Findings, Moved};
use crate::drill::play::plan::Plan;
use crate::drill::play::played::Played;
use crate::drill::play::told::{Done, Mark};

/// The shape of the document `--format json` prints.
pub const SCHEMA: &str = "strait/failover-test/v1";

/// Says what each field holds; docs/json.md is made from here.
pub const FIELDS: &[(&str, &str)] = &[
    ("scenario", "what was rehearsed"),
    ("of_flow", "the flow whose clusters it ran on"),
    ("source", "alias of the source cluster"),
    ("target", "alias of the target cluster"),
    ("id", "the drill's id; the names of all that it made hold it"),
    ("topic", "its topic"),
    ("group", "its consumer group"),
    ("seed", "what chance was made of, hexadecimal: `--seed` plays the same again"),
    ("started_at", "when it began, RFC 3339 in UTC"),
    ("comes_back", "whether the application was to come back to the source region"),
    (
        "load",
        "what the application was like: `rate_per_second`, `size_bytes`, `partitions`, `duration_seconds`, \
         `transactional`, `compacted`",
    ),
    (
        "ceilings",
        "what may be: `lost_max`, `rpo_max_seconds`, `rto_max_seconds`, `reprocessed_max`; null where not set",
    ),
    ("verdict", "`PASS`, `FAIL` or `INCONCLUSIVE`"),
    ("figures", "what was counted, see below"),
    (
        "rpo",
        "what the loss of the region cost: `records` (`lost` of the figures) and `seconds` (how long before the loss \
         the first of them was acknowledged; 0 where nothing is lost)",
    ),
    ("rto", "how long each change of region took, see below"),
    ("offsets", "where the group went on in each partition, see below"),
    ("phases", "the stretches: `phase`, `began_seconds`, `took_seconds`, `words`, `ok` (came to its end)"),
    ("marks", "moments: `at_seconds` from the start, `words`"),
    ("allowed", "anomalies that may be: `code`, `text` and how often each was found (`count`)"),
    ("missing", "the first 20 records that the target does not have, those not announced first; see below"),
    ("promises", "each promise: code, what is promised, `kept` (true, false, null for unknown), and why not"),
];

/// Says what each field of an offset holds; docs/json.md is made from here.
pub const OFFSET_FIELDS: &[(&str, &str)] = &[
    ("leg", "where the change led: `away` or `back`"),
    ("partition", "the partition"),
    ("goes_on_at", "the offset in the new region that the group went on from; null where there is none"),
    (
        "found",
        "`exact` (at the very record of one of its commits), `bound` (earlier, and told so), `early`, `late`, \
         `nowhere` (it had committed and has no offset), `never_committed`",
    ),
    (
        "records",
        "by how many records it is early or late; 0 where exact, null where there is nothing to compare",
    ),
    ("commits_behind", "commits that came later and were not carried over; null unless exact"),
];

/// Says what a drill's outcome does not hold itself.
#[derive(Clone, Debug)]
pub struct About {
    /// When it began.
    pub started: Timestamp,
    /// The command line that plays it again.
    pub again: String,
}

/// Holds the outcome as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    pub(super) scenario: &'static str,
    pub(super) of_flow: String,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) id: String,
    pub(super) topic: String,
    pub(super) group: String,
    pub(super) seed: String,
    pub(super) started_at: String,
    pub(super) comes_back: bool,
    pub(super) load: LoadJson,
    pub(super) ceilings: CeilingsJson,
    pub(super) verdict: &'static str,
    pub(super) figures: Figures,
    pub(super) rpo: Rpo,
    pub(super) rto: Vec<Recovery>,
    pub(super) offsets: Vec<OffsetLine>,
    pub(super) phases: Vec<PhaseLine>,
    pub(super) marks: Vec<MarkLine>,
    pub(super) allowed: Vec<Allowed>,
    pub(super) missing: Vec<MissingLine>,
    pub(super) promises: Vec<PromiseLine>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct LoadJson {
    pub(super) rate_per_second: u32,
    pub(super) size_bytes: usize,
    pub(super) partitions: i32,
    pub(super) duration_seconds: f64,
    pub(super) transactional: bool,
    pub(super) compacted: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CeilingsJson {
    pub(super) lost_max: Option<u64>,
    pub(super) rpo_max_seconds: Option<f64>,
    pub(super) rto_max_seconds: Option<f64>,
    pub(super) reprocessed_max: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Rpo {
    pub(super) records: Option<u64>,
    pub(super) seconds: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct OffsetLine {
    pub(super) leg: &'static str,
    pub(super) partition: i32,
    pub(super) goes_on_at: Option<i64>,
    pub(super) found: &'static str,
    pub(super) records: Option<u64>,
    pub(super) commits_behind: Option<usize>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct PhaseLine {
    pub(super) phase: &'static str,
    pub(super) began_seconds: f64,
    pub(super) took_seconds: f64,
    pub(super) words: String,
    pub(super) ok: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct MarkLine {
    pub(super) at_seconds: f64,
    pub(super) words: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Allowed {
    pub(super) code: &'static str,
    pub(super) text: &'static str,
    pub(super) count: Option<u64>,
}

impl Rehearsal {
    /// Puts together what was planned and how it came out.
    pub fn new(plan: &Plan, played: &Played, about: &About) -> Self {
        let Played { evidence, findings, judged, phases, marks, .. } = played;
        let figures = Figures::new(findings, &evidence.switches);
        Self {
            scenario: plan.scenario.name(),
            of_flow: plain(plan.of_flow.as_str()),
            source: plain(plan.flow.source.as_str()),
            target: plain(plan.flow.target.as_str()),
            id: plan.id.to_string(),
            topic: plan.id.topic().to_string(),
            group: plan.id.group(),
            seed: format!("{:x}", plan.seed),
            started_at: about.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            comes_back: plan.comes_back,
            load: load(plan),
            ceilings: ceilings(plan),
            verdict: judged.verdict().word(),
            rpo: rpo(evidence, findings, &figures),
            rto: rto(evidence, findings),
            offsets: offsets(evidence, findings),
            phases: phases.iter().map(PhaseLine::from).collect(),
            marks: marks.iter().map(MarkLine::from).collect(),
            allowed: allowed(plan, findings, &figures),
            missing: missing::first(findings, evidence.keys),
            promises: PromiseLine::of(judged),
            figures,
        }
    }

    /// Returns the failover's times.
    pub(super) fn failover(&self) -> Option<&Recovery> {
        self.rto.iter().find(|change| change.leg == Leg::Away.word())
    }
}

impl From<&Done> for PhaseLine {
    fn from(done: &Done) -> Self {
        Self {
            phase: done.phase.word(),
            began_seconds: thousandths(done.began),
            took_seconds: thousandths(done.took),
            words: plain(&done.words),
            ok: done.is_good,
        }
    }
}

impl From<&Mark> for MarkLine {
    fn from(mark: &Mark) -> Self {
        Self { at_seconds: thousandths(mark.at), words: plain(&mark.words) }
    }
}

fn load(plan: &Plan) -> LoadJson {
    let load = &plan.load;
    LoadJson {
        rate_per_second: load.rate,
        size_bytes: load.size,
        partitions: load.partitions,
        duration_seconds: thousandths(load.duration),
        transactional: load.is_transactional,
        compacted: load.is_compacted,
    }
}

fn ceilings(plan: &Plan) -> CeilingsJson {
    let ceilings = &plan.ceilings;
    CeilingsJson {
        lost_max: ceilings.lost_max,
        rpo_max_seconds: ceilings.rpo_max.map(thousandths),
        rto_max_seconds: ceilings.rto_max.map(thousandths),
        reprocessed_max: ceilings.reprocessed_max,
    }
}

/// Says what was lost: how many, and how old the first was when its region was lost.
fn rpo(evidence: &Evidence, findings: &Findings, figures: &Figures) -> Rpo {
    let began = evidence.switches.get(&Leg::Away).map(|switch| switch.began);
    let first = findings.lost().iter().map(|missing| missing.at).min();
    let seconds = match (figures.lost, first) {
        (Some(0), _) => Some(0.0),
        // A record that was acknowledged only after the loss has no age at it.
        (Some(_), Some(first)) => began.and_then(|began| began.checked_sub(first)).map(thousandths),
        _ => None,
    };
    Rpo { records: figures.lost, seconds }
}

fn rto(evidence: &Evidence, findings: &Findings) -> Vec<Recovery> {
    let of = |leg: &Leg| findings.recovered_after.get(leg).copied();
    evidence.switches.iter().map(|(leg, switch)| Recovery::new(*leg, switch, of(leg))).collect()
}

fn offsets(evidence: &Evidence, findings: &Findings) -> Vec<OffsetLine> {
    let line = |((leg, partition), moved): (&(Leg, i32), &Moved)| {
        let (found, records, commits_behind) = match *moved {
            Moved::Exact { commits_behind } => ("exact", Some(0), Some(commits_behind)),
            Moved::Early { records, is_bound: true } => ("bound", Some(records), None),
            Moved::Early { records, is_bound: false } => ("early", Some(records), None),
            Moved::Late { records } => ("late", Some(records), None),
            Moved::Nowhere => ("nowhere", None, None),
            Moved::NeverCommitted => ("never_committed", None, None),
        };
        let resumed = evidence.switches.get(leg).map(|switch| &switch.resumed);
        let goes_on_at = resumed.and_then(|resumed| resumed.get(partition)).copied();
        OffsetLine { leg: leg.word(), partition: *partition, goes_on_at, found, records, commits_behind }
    };
    findings.moved.iter().map(line).collect()
}

/// Lists what may be without a promise broken, and how often it was.
fn allowed(plan: &Plan, findings: &Findings, figures: &Figures) -> Vec<Allowed> {
    let mut list = Vec::new();
    let mut may = |code, text, count| list.push(Allowed { code, text, count });
    if plan.scenario.loses_region() {
        let text =
            "records that the lost region acknowledged last and the copy did not have, announced as missing";
        may("announced_loss", text, figures.lost_announced());
    }
    let explained = figures.reprocessed.saturating_sub(findings.reprocessed_before.len() as u64);
    may(
        "processed_again",
        "records processed again behind the last commit that was carried over",
        Some(explained),
    );
    let text = "sends without an answer: each may have arrived or not";
    may("unknown_sends", text, Some(figures.unknown));
    if figures.offsets_bound > 0 {
        let text = "offsets told as a bound: the group reads records again, and leaves none out";
        may("offset_bounds", text, Some(figures.offsets_bound));
    }
    if plan.load.is_compacted {
        let at_source = findings.logs.get(&Region::Source).map_or(0, |log| log.superseded);
        let text = "records that compaction took: a later one of their key is there";
        may("compacted", text, figures.superseded.map(|at_target| at_target + at_source));
    }
    list
}

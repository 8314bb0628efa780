//! From findings to a verdict: one promise after another, kept or broken.

use std::time::Duration;

use super::evidence::{Leg, Region};
use super::oracle::{Findings, InLog, Missing, Moved, RecordId};
use crate::exit::Exit;

/// Records named in a broken promise's words; all of them are counted.
const NAMED_MAX: usize = 3;

/// Says how a drill came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every promise was kept.
    Pass,
    /// Not enough was seen to tell, and what was seen is good.
    Inconclusive,
    /// A promise was broken.
    Fail,
}

impl Verdict {
    /// Returns the word it is told with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Fail => "FAIL",
        }
    }

    /// Returns how the process ends.
    pub fn exit(self) -> Exit {
        match self {
            Self::Pass => Exit::Done,
            Self::Inconclusive => Exit::Inconclusive,
            Self::Fail => Exit::Bad,
        }
    }
}

/// Says whether a promise was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was.
    Yes,
    /// It was not, and how.
    No(String),
    /// Nothing happened that could tell, and why.
    Unknown(String),
}

/// Holds one promise and whether it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// A stable name.
    pub code: &'static str,
    /// What is promised.
    pub text: &'static str,
    /// Whether it was kept.
    pub kept: Kept,
}

/// Holds ceilings that a drill may set beyond what is always promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// Acknowledged records that may be lost.
    pub lost_max: Option<u64>,
    /// How old what is lost may be.
    pub rpo_max: Option<Duration>,
    /// How long recovery may take.
    pub rto_max: Option<Duration>,
    /// Records that may be processed again.
    pub reprocessed_max: Option<u64>,
}

/// Holds the promises of one drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The promises, in the order they are told.
    pub promises: Vec<Promise>,
}

impl Judged {
    /// Holds findings against the promises.
    pub fn of(findings: &Findings, ceilings: &Ceilings) -> Self {
        let mut promises = always(findings);
        promises.extend(under(findings, ceilings));
        Self { promises }
    }

    /// Sums up.
    pub fn verdict(&self) -> Verdict {
        let of = |promise: &Promise| match promise.kept {
            Kept::Yes => Verdict::Pass,
            Kept::Unknown(_) => Verdict::Inconclusive,
            Kept::No(_) => Verdict::Fail,
        };
        self.promises.iter().map(of).max().unwrap_or(Verdict::Inconclusive)
    }
}

/// Lists what is promised in every drill.
fn always(findings: &Findings) -> Vec<Promise> {
    let mut promises = vec![nothing_stopped(findings)];
    promises.extend(of_copy(findings));
    promises.extend(of_application(findings));
    promises.extend(of_switches(findings));
    promises
}

/// What is promised of the copy.
fn of_copy(findings: &Findings) -> Vec<Promise> {
    let target = findings.target();
    let has_arrived = target.arrived > 0;
    let seen = |kept: Kept| match kept {
        Kept::Yes if !has_arrived => Kept::Unknown("no record arrived at the target".to_owned()),
        kept => kept,
    };
    let unannounced: Vec<Missing> = target.unannounced().copied().collect();
    let mut promises = vec![
        Promise {
            code: "no_silent_loss",
            text: "every acknowledged record arrived, or was announced as missing",
            kept: seen(none(&unannounced, name_missing)),
        },
        Promise {
            code: "announced_exactly",
            text: "nothing was announced as missing that is there",
            kept: none(&findings.wrongly_announced, name_record),
        },
        Promise {
            code: "nothing_doubled",
            text: "no record is in a copy twice",
            kept: seen(in_logs(findings, |log| &log.doubled)),
        },
        Promise {
            code: "nothing_reordered",
            text: "each partition's records are in their order",
            kept: seen(in_logs(findings, |log| &log.reordered)),
        },
        Promise {
            code: "nothing_invented",
            text: "no log holds a record that nobody sent",
            kept: in_logs(findings, |log| &log.unexplained),
        },
    ];
    if let Some(aborted) = findings.aborted {
        let kept = match seen(in_logs(findings, |log| &log.aborted)) {
            Kept::Yes if aborted == 0 => Kept::Unknown("no transaction was aborted".to_owned()),
            kept => kept,
        };
        let text = "no record of an aborted transaction is to be read";
        promises.push(Promise { code: "nothing_aborted", text, kept });
    }
    if let Some(source) = findings.logs.get(&Region::Source) {
        promises.push(Promise {
            code: "source_complete",
            text: "every acknowledged record is at the source again, wherever it was sent",
            kept: none(&source.lost, name_missing),
        });
    }
    promises
}

/// What is promised of the application's work.
fn of_application(findings: &Findings) -> Vec<Promise> {
    let has_gone_on = findings.recovered_after.contains_key(&Leg::Away);
    let skipped = match none(&findings.skipped, name_record) {
        Kept::Yes if !has_gone_on => {
            Kept::Unknown("the application processed no record at the target".to_owned())
        }
        kept => kept,
    };
    let mut promises = vec![Promise {
        code: "offsets_exact",
        text: "the group went on at the very record",
        kept: offsets(findings, Leg::Away),
    }];
    if findings.switches.contains_key(&Leg::Back) {
        promises.push(Promise {
            code: "offsets_exact_back",
            text: "the group went on at the very record after the failback",
            kept: offsets(findings, Leg::Back),
        });
    }
    promises.push(Promise {
        code: "nothing_skipped",
        text: "the application processed every record that arrived",
        kept: skipped,
    });
    promises.push(Promise {
        code: "reprocessed_explained",
        text: "records were processed again only behind the offset the group went on from",
        kept: none(&findings.reprocessed_before, name_record),
    });
    promises
}

/// What is promised of the changes of region that were begun.
fn of_switches(findings: &Findings) -> Vec<Promise> {
    let ended = |(leg, broken): (&Leg, &Option<String>)| {
        let (code, text) = match leg {
            Leg::Back => ("failed_back", "the failback came to its end, and the application went on"),
            Leg::Home | Leg::Away => {
                ("failed_over", "the failover came to its end, and the application went on")
            }
        };
        let kept = match broken {
            Some(cause) => Kept::No(cause.clone()),
            None if findings.recovered_after.contains_key(leg) => Kept::Yes,
            None => Kept::Unknown("the application processed no record there".to_owned()),
        };
        Promise { code, text, kept }
    };
    findings.switches.iter().map(ended).collect()
}

fn nothing_stopped(findings: &Findings) -> Promise {
    let kept = none(&findings.stopped, |(partition, cause)| format!("{partition}: {cause}"));
    Promise { code: "nothing_stopped", text: "no partition stopped copying", kept }
}

/// A promise that a list is empty in every log that was read.
fn in_logs(findings: &Findings, of: impl Fn(&InLog) -> &Vec<RecordId>) -> Kept {
    let each = findings.logs.iter().map(|(region, log)| (region, of(log)));
    let broken: Vec<String> = each
        .filter_map(|(region, list)| match none(list, name_record) {
            Kept::No(what) => Some(format!("at the {}: {what}", region.word())),
            Kept::Yes | Kept::Unknown(_) => None,
        })
        .collect();
    if broken.is_empty() { Kept::Yes } else { Kept::No(broken.join("; ")) }
}

fn offsets(findings: &Findings, leg: Leg) -> Kept {
    let mut exact = 0;
    let mut wrong = Vec::new();
    for ((_, partition), moved) in findings.moved.iter().filter(|((of, _), _)| *of == leg) {
        match moved {
            Moved::Exact { .. } | Moved::Early { is_bound: true, .. } => exact += 1,
            Moved::NeverCommitted => {}
            Moved::Early { records, .. } => {
                wrong.push(format!("partition {partition}: {records} records early"))
            }
            Moved::Late { records } => wrong.push(format!("partition {partition}: {records} records late")),
            Moved::Nowhere => wrong.push(format!("partition {partition}: no offset in the new region")),
        }
    }
    match (wrong.is_empty(), exact) {
        (false, _) => Kept::No(wrong.join("; ")),
        (true, 0) => Kept::Unknown("the group had committed no offset".to_owned()),
        (true, _) => Kept::Yes,
    }
}

/// Lists what this drill's ceilings ask for.
fn under(findings: &Findings, ceilings: &Ceilings) -> Vec<Promise> {
    let mut promises = Vec::new();
    let lost = findings.lost().len() as u64;
    let known = |kept: Kept| match findings.logs.contains_key(&Region::Target) {
        true => kept,
        false => Kept::Unknown("the target's log was not read".to_owned()),
    };
    if let Some(max) = ceilings.lost_max {
        let kept = known(at_most(lost, max, "records lost"));
        promises.push(Promise { code: "max_lost", text: "no more records are lost than may be", kept });
    }
    if let Some(max) = ceilings.rpo_max {
        let kept = known(match findings.lost_span {
            Some(span) => in_time(span, max),
            None if lost == 0 => Kept::Yes,
            None => Kept::Unknown("nothing lost was acknowledged before the region was lost".to_owned()),
        });
        promises.push(Promise { code: "max_rpo", text: "what is lost is no older than may be", kept });
    }
    if let Some(max) = ceilings.rto_max {
        let kept = match findings.recovered_after.get(&Leg::Away) {
            Some(after) => in_time(*after, max),
            None => Kept::No("the application processed no record at the target".to_owned()),
        };
        promises.push(Promise { code: "max_rto", text: "the application went on in time", kept });
    }
    if let Some(max) = ceilings.reprocessed_max {
        let kept = at_most(findings.reprocessed, max, "records processed again");
        let text = "no more records were processed again than may be";
        promises.push(Promise { code: "max_duplicates", text, kept });
    }
    promises
}

fn at_most(found: u64, max: u64, what: &str) -> Kept {
    if found <= max { Kept::Yes } else { Kept::No(format!("{found} {what}, and {max} may be")) }
}

fn in_time(found: Duration, max: Duration) -> Kept {
    if found <= max { Kept::Yes } else { Kept::No(format!("{found:.1?}, and {max:?} may be")) }
}

/// A promise that a list is empty.
fn none<T>(list: &[T], name: impl Fn(&T) -> String) -> Kept {
    if list.is_empty() {
        return Kept::Yes;
    }
    let named: Vec<String> = list.iter().take(NAMED_MAX).map(name).collect();
    let more = if list.len() > NAMED_MAX { ", ..." } else { "" };
    let records = if list.len() == 1 { "record" } else { "records" };
    Kept::No(format!("{} {records}: {}{more}", list.len(), named.join(", ")))
}

fn name_record((partition, number): &RecordId) -> String {
    format!("number {number} of partition {partition}")
}

fn name_missing(missing: &Missing) -> String {
    format!("{}, offset {}", name_record(&(missing.partition, missing.number)), missing.offset)
}

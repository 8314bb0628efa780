//! Made-up drills: what was planned, and how it came out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use strait::config::load_text;
use strait::config::source::SourceText;
use strait::drill::evidence::{Announced, Evidence, Fate, Found, Leg, Processed, Region, Sent, Switch};
use strait::drill::names::DrillId;
use strait::drill::oracle::judge;
use strait::drill::play::plan::{Load, Plan};
use strait::drill::play::played::Played;
use strait::drill::play::told::{Done, Mark, Phase, Sample};
use strait::drill::scenario::Scenario;
use strait::drill::verdict::{Ceilings, Judged};
use strait::report::drill::rehearsal::About;

const PARTITIONS: i32 = 3;
/// Records of each partition, by leg, and what a second has of them.
const HOME: u64 = 700;
const AWAY: u64 = 350;
const RATE: u64 = 35;
/// When each leg's first record is sent, and when the region is lost.
const HOME_AT: u64 = 1_200;
const LOST_AT: u64 = 21_200;
const AWAY_AT: u64 = 24_900;
const BACK_AT: u64 = 44_600;

const CONFIG: &str = r#"
[clusters.us]
bootstrap_servers = ["us-1:9092", "us-2:9092"]
[clusters.eu]
bootstrap_servers = ["eu-1:9092"]
[flows.us-eu]
source = "us"
target = "eu"
topics = ["orders"]
"#;

pub fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn about() -> About {
    About {
        started: "2026-02-03T04:05:06Z".parse().unwrap(),
        again: "strait failover-test --flow us-eu --scenario region-loss --seed 7f3a".to_owned(),
    }
}

pub fn plan() -> Plan {
    let source = SourceText::new("strait.toml".into(), CONFIG.to_owned());
    let settings = load_text(source, &|_| None).unwrap().settings;
    let of = settings.flows.values().next().unwrap();
    let id = DrillId { over_by: 0x6981_7362, machine: 0xBEEF, pid: 4711, mark: 7 };
    Plan {
        id,
        scenario: Scenario::RegionLoss,
        of_flow: of.name.clone(),
        flow: Plan::flow_of(&id, of).unwrap(),
        source: settings.clusters["us"].clone().into(),
        target: settings.clusters["eu"].clone().into(),
        load: Load {
            rate: 105,
            size: 200,
            partitions: PARTITIONS,
            duration: Duration::from_secs(20),
            is_transactional: false,
            is_compacted: false,
        },
        ceilings: Ceilings {
            lost_max: None,
            rpo_max: Some(Duration::from_secs(5)),
            rto_max: Some(Duration::from_secs(60)),
            reprocessed_max: Some(200),
        },
        seed: 0x7F3A,
        comes_back: true,
    }
}

/// A region is lost with the last 20 records of each partition, and all goes as it should.
pub fn sound() -> Evidence {
    let mut evidence = Evidence::default();
    for partition in 0..PARTITIONS {
        let copied = HOME - 20;
        let at = |from: u64, number: u64| millis(from + number * 1000 / RATE);
        let mut sent = |leg, number, offset, at| {
            evidence.sent.push(Sent { leg, partition, number, fate: Fate::Acknowledged { offset, at } });
        };
        (0..HOME).for_each(|number| sent(Leg::Home, number, 100 + number as i64, at(HOME_AT, number)));
        let away = HOME..HOME + AWAY;
        away.clone()
            .for_each(|number| sent(Leg::Away, number, number as i64 - 20, at(AWAY_AT, number - HOME)));
        let back = HOME + AWAY..HOME + 2 * AWAY;
        back.clone().for_each(|number| {
            sent(Leg::Back, number, 100 + number as i64, at(BACK_AT, number - HOME - AWAY))
        });
        evidence.announced.insert(partition, Announced { from: 100 + copied as i64, is_exact: true });
        let target = (0..copied).chain(away.clone()).chain(back.clone()).enumerate();
        let target = target.map(|(offset, number)| Found { offset: offset as i64, number }).collect();
        evidence.logs.entry(Region::Target).or_default().insert(partition, target);
        let source =
            (0..HOME + 2 * AWAY).map(|number| Found { offset: 100 + number as i64, number }).collect();
        evidence.logs.entry(Region::Source).or_default().insert(partition, source);
        let mut process = |leg, number, at| evidence.processed.push(Processed { leg, partition, number, at });
        (0..copied - 30).for_each(|number| process(Leg::Home, number, at(HOME_AT + 40, number)));
        let from = copied - 80;
        (from..copied).chain(away.clone()).enumerate().for_each(|(step, number)| {
            process(Leg::Away, number, millis(AWAY_AT + 100 + step as u64 * 20));
        });
        back.for_each(|number| process(Leg::Back, number, at(BACK_AT + 40, number - HOME - AWAY)));
        evidence.commits.insert((Leg::Home, partition), vec![100 + from as i64, 120 + from as i64]);
        evidence.commits.insert((Leg::Away, partition), vec![(HOME + AWAY) as i64 - 20]);
    }
    evidence.switches = switches();
    evidence
}

fn switches() -> BTreeMap<Leg, Switch> {
    let resumed = |offset: u64| (0..PARTITIONS).map(|partition| (partition, offset as i64)).collect();
    let away = Switch {
        began: millis(LOST_AT + 50),
        detected: Some(millis(LOST_AT + 800)),
        moved: millis(24_700),
        resumed: resumed(HOME - 100),
        ..Switch::default()
    };
    let back = Switch {
        began: millis(38_000),
        moved: millis(44_500),
        session: millis(4_200),
        resumed: resumed(100 + HOME + AWAY),
        ..Switch::default()
    };
    [(Leg::Away, away), (Leg::Back, back)].into()
}

/// Judges evidence, with the timeline that a sound drill has.
pub fn played(evidence: Evidence, ceilings: &Ceilings) -> Played {
    let findings = judge(&evidence);
    let judged = Judged::of(&findings, ceilings);
    Played { evidence, findings, judged, phases: phases(), marks: marks(), samples: samples() }
}

fn phases() -> Vec<Done> {
    let lines = [
        (Phase::Prepare, 0, 1_200, "3 partitions at both ends"),
        (Phase::Produce, 1_200, 21_200, "2100 sent, 2100 acknowledged"),
        (Phase::Fault, 21_200, 21_250, "nobody reaches the source region"),
        (Phase::Detect, 21_250, 22_000, "the application sees no broker any more"),
        (Phase::Switch, 22_000, 25_000, "the group goes on in the target region, 3 partitions"),
        (Phase::Away, 25_000, 35_000, "1050 acknowledged, 1230 processed"),
        (Phase::Heal, 35_000, 35_700, "the source region answers"),
        (Phase::FailBack, 35_700, 44_700, "60 records were at the source alone; the group goes on there"),
        (Phase::Back, 44_700, 54_700, "1050 acknowledged, 1050 processed"),
        (Phase::Verify, 54_700, 55_900, "8220 records read by a client of their own"),
    ];
    let done = |(phase, from, to, words): (Phase, u64, u64, &str)| Done {
        phase,
        began: millis(from),
        took: millis(to - from),
        words: words.to_owned(),
        is_good: true,
    };
    lines.into_iter().map(done).collect()
}

fn marks() -> Vec<Mark> {
    let moments = [
        (21_230, "source region lost"),
        (24_710, "group moved"),
        (24_990, "first record processed"),
        (35_650, "healed"),
        (38_000, "writers stopped"),
        (44_510, "group moved back"),
        (44_660, "first record processed"),
    ];
    moments.into_iter().map(|(at, words)| Mark { at: millis(at), words: words.to_owned() }).collect()
}

fn samples() -> Vec<Sample> {
    let sample = |at: u64| {
        let sent = |from: u64, most: u64| (at.saturating_sub(from) * 105 / 1000).min(most);
        let produced = sent(HOME_AT, 2100) + sent(AWAY_AT, 1050) + sent(BACK_AT, 1050);
        let backlog = if at > AWAY_AT { 240.min((at - AWAY_AT) / 5) } else { 0 };
        let is_slow = (20_000..LOST_AT).contains(&at);
        let processed = sent(HOME_AT, 1950) + backlog + sent(AWAY_AT + 400, 1050) + sent(BACK_AT + 40, 1050);
        let behind = match at {
            ..1_200 | 22_000..44_800 | 54_000.. => None,
            _ if is_slow => Some((at - 20_000) / 20),
            _ => Some(3 + at / 250 % 7),
        };
        Sample { at: millis(at), produced, processed, behind }
    };
    (0..=220).map(|number| sample(number * 250)).collect()
}

/// The planned drill and one that went well.
pub fn passed() -> (Plan, Played) {
    let plan = plan();
    let played = played(sound(), &plan.ceilings);
    (plan, played)
}

/// One record vanished from the copy, another is there twice, one group offset is late, and the failback broke off.
pub fn failed() -> (Plan, Played) {
    let mut plan = plan();
    plan.ceilings.lost_max = Some(10);
    plan.ceilings.reprocessed_max = Some(5);
    let mut evidence = sound();
    let target = evidence.logs.get_mut(&Region::Target).unwrap();
    target.get_mut(&1).unwrap().retain(|found| found.number != 300);
    target.get_mut(&2).unwrap().push(Found { offset: 9_000, number: HOME + AWAY - 1 });
    let away = evidence.switches.get_mut(&Leg::Away).unwrap();
    away.resumed.insert(0, 640);
    evidence.switches.insert(Leg::Back, Switch { began: millis(38_000), ..Switch::default() });
    let cause = "the way back is not open: topic authorization failed";
    evidence.broken_switches.insert(Leg::Back, cause.to_owned());
    evidence.processed.retain(|processed| processed.leg != Leg::Back);
    evidence.sent.retain(|sent| sent.leg != Leg::Back);
    evidence.logs.remove(&Region::Source);
    for log in evidence.logs.get_mut(&Region::Target).unwrap().values_mut() {
        log.retain(|found| found.number < HOME + AWAY);
    }
    let mut played = played(evidence, &plan.ceilings);
    played.phases.truncate(7);
    let (phase, began, took) = (Phase::FailBack, millis(35_700), millis(4_300));
    played.phases.push(Done { phase, began, took, words: cause.to_owned(), is_good: false });
    played.marks.retain(|mark| mark.at < millis(40_000));
    played.samples.retain(|sample| sample.at < millis(40_000));
    (plan, played)
}

/// Nothing is known but that something was sent.
pub fn inconclusive() -> (Plan, Played) {
    let mut plan = plan();
    plan.ceilings = Ceilings::default();
    plan.comes_back = false;
    let fate = Fate::Unknown;
    let sent = (0..5).map(|number| Sent { leg: Leg::Home, partition: 0, number, fate }).collect();
    let mut played = played(Evidence { sent, ..Evidence::default() }, &plan.ceilings);
    played.phases.truncate(2);
    played.marks.clear();
    played.samples = vec![Sample { at: millis(100), produced: 0, processed: 0, behind: None }];
    (plan, played)
}

/// A drill whose every foreign text wants to be more than text.
pub fn hostile(text: &str) -> (Plan, Played, About) {
    let (mut plan, mut played) = failed();
    plan.of_flow = strait::types::FlowName::new(text);
    plan.flow.source = strait::types::ClusterAlias::new(text);
    plan.flow.target = strait::types::ClusterAlias::new(text);
    let mut source = (*plan.source).clone();
    source.alias = strait::types::ClusterAlias::new(text);
    source.bootstrap_servers[0].host = text.to_owned();
    plan.source = Arc::new(source);
    played.phases.iter_mut().for_each(|done| done.words = text.to_owned());
    played.marks.iter_mut().for_each(|mark| mark.words = text.to_owned());
    played.evidence.stopped.push((text.to_owned(), text.to_owned()));
    played.findings = judge(&played.evidence);
    played.judged = Judged::of(&played.findings, &plan.ceilings);
    (plan, played, About { again: text.to_owned(), ..about() })
}

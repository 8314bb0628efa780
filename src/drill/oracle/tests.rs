#![allow(clippy::unwrap_used)]

use super::*;
use crate::drill::evidence::{Announced, Found, Processed, Switch};
use crate::drill::verdict::{Ceilings, Judged, Kept, Verdict};

const CUT: Duration = Duration::from_secs(10);

fn sent(leg: Leg, number: u64, offset: i64) -> Sent {
    let at = Duration::from_millis(9_000 + number * 100);
    Sent { leg, partition: 0, number, fate: Fate::Acknowledged { offset, at } }
}

fn processed(leg: Leg, number: u64) -> Processed {
    let at = if leg == Leg::Home { Duration::from_secs(9) } else { Duration::from_secs(13) };
    Processed { leg, partition: 0, number, at }
}

/// Numbers 0 to 9 acknowledged at source offsets 100 to 109; 0 to 7 copied to 0 to 7; 0 to 5 processed at
/// the source and committed up to 103, then up to 105; the group goes on at 3; number 10 is new.
fn sound() -> Evidence {
    let sent_at_home = (0..10).map(|number| sent(Leg::Home, number, 100 + number as i64)).collect();
    let mut evidence = Evidence { sent: sent_at_home, ..Evidence::default() };
    evidence.sent.push(sent(Leg::Away, 10, 8));
    evidence.announced.insert(0, Announced { from: 108, is_exact: true });
    let log = (0..8).chain([10]).enumerate();
    let log = log.map(|(offset, number)| Found { offset: offset as i64, number }).collect();
    evidence.logs.entry(Region::Target).or_default().insert(0, log);
    evidence.processed = (0..6).map(|number| processed(Leg::Home, number)).collect();
    evidence.processed.extend((3..8).chain([10]).map(|number| processed(Leg::Away, number)));
    evidence.commits.insert((Leg::Home, 0), vec![101, 103, 105]);
    let resumed = [(0, 3)].into();
    evidence.switches.insert(Leg::Away, Switch { began: CUT, resumed, ..Switch::default() });
    evidence
}

fn target(evidence: &mut Evidence) -> &mut Vec<Found> {
    evidence.logs.get_mut(&Region::Target).unwrap().get_mut(&0).unwrap()
}

fn resumed(evidence: &mut Evidence) -> &mut BTreeMap<i32, i64> {
    &mut evidence.switches.get_mut(&Leg::Away).unwrap().resumed
}

fn verdict(evidence: &Evidence) -> Verdict {
    Judged::of(&judge(evidence), &Ceilings::default()).verdict()
}

/// Returns the codes of the promises that are broken.
fn broken(evidence: &Evidence) -> Vec<&'static str> {
    let judged = Judged::of(&judge(evidence), &Ceilings::default());
    assert_eq!(
        judged.verdict() == Verdict::Fail,
        judged.promises.iter().any(|p| matches!(p.kept, Kept::No(_)))
    );
    let promises = judged.promises.into_iter();
    promises.filter(|promise| matches!(promise.kept, Kept::No(_))).map(|promise| promise.code).collect()
}

#[test]
fn a_cut_loses_what_was_announced_and_the_drill_passes() {
    let findings = judge(&sound());
    assert_eq!(findings.acknowledged, [(Leg::Home, 10), (Leg::Away, 1)].into());
    assert_eq!(findings.target().arrived, 9);
    let lost: Vec<(u64, i64)> = findings.lost().iter().map(|lost| (lost.number, lost.offset)).collect();
    assert_eq!(lost, [(8, 108), (9, 109)]);
    assert_eq!(findings.lost_span, Some(Duration::from_millis(200)), "number 8, acknowledged at 9.8 s");
    assert_eq!(findings.recovered_after.get(&Leg::Away).copied(), Some(Duration::from_secs(3)));
    assert_eq!(findings.reprocessed, 3, "3, 4 and 5 were processed and their commit was not carried over");
    assert_eq!(findings.moved[&(Leg::Away, 0)], Moved::Exact { commits_behind: 1 });
    assert_eq!(broken(&sound()), [""; 0]);
    assert_eq!(verdict(&sound()), Verdict::Pass);
}

#[test]
fn a_record_dropped_from_the_copy_is_a_silent_loss() {
    let mut evidence = sound();
    target(&mut evidence).remove(6);
    evidence.processed.retain(|processed| processed.number != 6);
    assert_eq!(broken(&evidence), ["no_silent_loss"]);
    let unannounced = judge(&evidence).target().lost;
    assert_eq!((unannounced[0].number, unannounced[0].offset), (6, 106));
}

#[test]
fn a_record_acknowledged_at_the_target_and_gone_is_a_silent_loss() {
    let mut evidence = sound();
    target(&mut evidence).pop();
    evidence.processed.retain(|processed| processed.number != 10);
    assert_eq!(broken(&evidence), ["no_silent_loss"], "no announcement excuses it");
}

#[test]
fn a_partition_nothing_was_announced_of_may_miss_nothing() {
    let mut evidence = sound();
    evidence.announced.clear();
    assert_eq!(broken(&evidence), ["no_silent_loss"]);
}

#[test]
fn a_record_copied_twice_is_doubled() {
    let mut evidence = sound();
    target(&mut evidence).push(Found { offset: 9, number: 4 });
    assert_eq!(broken(&evidence), ["nothing_doubled"]);
    assert_eq!(judge(&evidence).target().doubled, [(0, 4)]);
    assert_eq!(judge(&evidence).target().reordered, [], "a copy too many is one fault, not two");
}

#[test]
fn two_records_swapped_are_reordered() {
    let mut evidence = sound();
    let log = target(&mut evidence);
    (log[6].number, log[7].number) = (7, 6);
    assert_eq!(broken(&evidence), ["nothing_reordered"]);
    assert_eq!(judge(&evidence).target().reordered, [(0, 6)]);
}

#[test]
fn a_translated_offset_shifted_by_one_is_late_or_early() {
    let mut evidence = sound();
    evidence.commits.insert((Leg::Home, 0), vec![105]);
    resumed(&mut evidence).insert(0, 6);
    evidence.processed.retain(|processed| (processed.leg == Leg::Away) == (processed.number > 5));
    assert_eq!(judge(&evidence).moved[&(Leg::Away, 0)], Moved::Late { records: 1 });
    assert_eq!(broken(&evidence), ["offsets_exact"]);
    resumed(&mut evidence).insert(0, 4);
    assert_eq!(judge(&evidence).moved[&(Leg::Away, 0)], Moved::Early { records: 1, is_bound: false });
    resumed(&mut evidence).insert(0, 5);
    assert_eq!(judge(&evidence).moved[&(Leg::Away, 0)], Moved::Exact { commits_behind: 0 });
    resumed(&mut evidence).remove(&0);
    assert_eq!(broken(&evidence), ["offsets_exact"]);
    assert_eq!(judge(&evidence).moved[&(Leg::Away, 0)], Moved::Nowhere);
}

#[test]
fn an_offset_where_nothing_was_committed_is_late() {
    let mut evidence = sound();
    evidence.commits.clear();
    assert_eq!(judge(&evidence).moved[&(Leg::Away, 0)], Moved::Late { records: 3 });
}

#[test]
fn an_offset_behind_the_copy_goes_on_at_its_end() {
    let mut evidence = sound();
    evidence.commits.insert((Leg::Home, 0), vec![109]);
    resumed(&mut evidence).insert(0, 8);
    assert_eq!(judge(&evidence).moved[&(Leg::Away, 0)], Moved::Exact { commits_behind: 0 });
}

#[test]
fn records_left_out_by_the_application_are_skipped() {
    let mut evidence = sound();
    evidence.processed.retain(|processed| processed.number != 7);
    assert_eq!(broken(&evidence), ["nothing_skipped"]);
    assert_eq!(judge(&evidence).skipped, [(0, 7)]);
}

#[test]
fn a_record_processed_again_before_the_groups_offset_is_unexplained() {
    let mut evidence = sound();
    evidence.processed.push(processed(Leg::Away, 2));
    assert_eq!(broken(&evidence), ["reprocessed_explained"]);
}

#[test]
fn too_much_announced_is_a_false_alarm() {
    let mut evidence = sound();
    evidence.announced.insert(0, Announced { from: 107, is_exact: true });
    assert_eq!(judge(&evidence).wrongly_announced, [(0, 7)]);
    assert_eq!(broken(&evidence), ["announced_exactly"]);
}

#[test]
fn an_unknown_send_may_arrive_or_not_and_a_failed_one_may_not() {
    let mut evidence = sound();
    for (number, fate) in [(7, Fate::Unknown), (9, Fate::Unknown)] {
        evidence.sent[number].fate = fate;
    }
    let findings = judge(&evidence);
    assert_eq!((findings.unknown, findings.unknown_arrived), (2, 1));
    assert_eq!(findings.lost().len(), 1, "9 is not lost: nobody was told that it is kept");
    assert_eq!(verdict(&evidence), Verdict::Pass);
    evidence.sent[7].fate = Fate::Failed;
    assert_eq!(broken(&evidence), ["nothing_invented"]);
}

#[test]
fn g11_where_nothing_arrived_or_nobody_went_on_the_drill_shows_nothing() {
    assert_eq!(verdict(&Evidence::default()), Verdict::Inconclusive);
    let mut evidence = sound();
    evidence.processed = (0..8).chain([10]).map(|number| processed(Leg::Home, number)).collect();
    assert_eq!(verdict(&evidence), Verdict::Inconclusive, "nothing was processed at the target");
    assert_eq!(judge(&evidence).recovered_after.get(&Leg::Away), None);
}

#[test]
fn ceilings_are_held() {
    let all = |lost, rpo, rto, again| Ceilings {
        lost_max: Some(lost),
        rpo_max: Some(Duration::from_millis(rpo)),
        rto_max: Some(Duration::from_secs(rto)),
        reprocessed_max: Some(again),
    };
    let broken = |ceilings: Ceilings| {
        let judged = Judged::of(&judge(&sound()), &ceilings);
        let promises = judged.promises.into_iter();
        promises.filter(|p| matches!(p.kept, Kept::No(_))).map(|p| p.code).collect::<Vec<_>>()
    };
    assert_eq!(broken(all(2, 200, 3, 3)), [""; 0]);
    assert_eq!(broken(all(1, 199, 2, 2)), ["max_lost", "max_rpo", "max_rto", "max_duplicates"]);
}

#[test]
fn a_doubled_record_does_not_make_an_exact_offset_inexact() {
    let mut evidence = sound();
    target(&mut evidence).insert(1, Found { offset: 1, number: 0 });
    target(&mut evidence).iter_mut().skip(2).for_each(|found| found.offset += 1);
    resumed(&mut evidence).insert(0, 4);
    assert_eq!(broken(&evidence), ["nothing_doubled"]);
}

#[test]
fn g11_a_loss_that_began_after_the_region_was_lost_has_no_known_span() {
    let mut evidence = sound();
    for sent in &mut evidence.sent[8..10] {
        let Fate::Acknowledged { at, .. } = &mut sent.fate else { panic!("{sent:?}") };
        *at = CUT + Duration::from_secs(1);
    }
    let findings = judge(&evidence);
    assert_eq!((findings.lost().len(), findings.lost_span), (2, None));
    let ceilings = Ceilings { rpo_max: Some(Duration::from_secs(9)), ..Ceilings::default() };
    assert_eq!(Judged::of(&findings, &ceilings).verdict(), Verdict::Inconclusive);
    let ceilings = Ceilings { lost_max: Some(9), ..Ceilings::default() };
    evidence.logs.clear();
    let unread = Judged::of(&judge(&evidence), &ceilings).promises;
    let max_lost = unread.iter().find(|promise| promise.code == "max_lost").unwrap();
    assert!(matches!(max_lost.kept, Kept::Unknown(_)), "nothing was read");
}

#[test]
fn g6_an_offset_told_as_a_bound_may_be_early_and_never_late() {
    let mut evidence = sound();
    evidence.commits.insert((Leg::Home, 0), vec![105]);
    evidence.switches.get_mut(&Leg::Away).unwrap().bounds.insert(0);
    resumed(&mut evidence).insert(0, 4);
    evidence.processed.retain(|processed| processed.leg == Leg::Home || processed.number >= 4);
    assert_eq!(judge(&evidence).moved[&(Leg::Away, 0)], Moved::Early { records: 1, is_bound: true });
    assert_eq!(broken(&evidence), [""; 0]);
    resumed(&mut evidence).insert(0, 6);
    assert!(broken(&evidence).contains(&"offsets_exact"), "records are left out");
}

#[test]
fn g11_transactions_of_which_none_was_aborted_show_nothing_of_aborted_ones() {
    let mut evidence = Evidence { is_transactional: true, ..sound() };
    assert_eq!(verdict(&evidence), Verdict::Inconclusive);
    evidence.sent.push(Sent { leg: Leg::Home, partition: 0, number: 11, fate: Fate::Aborted });
    assert_eq!(verdict(&evidence), Verdict::Pass);
    target(&mut evidence).push(Found { offset: 9, number: 11 });
    assert_eq!(broken(&evidence), ["nothing_aborted"]);
}

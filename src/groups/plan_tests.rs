#![allow(clippy::unwrap_used)]

use super::*;
use crate::engine::offset_map::{OffsetMap, Pair};
use crate::kafka::groups::Committed;

fn orders(partition: i32) -> TopicPartition {
    TopicPartition::new("orders", partition)
}

fn offsets(of: &[(i32, i64)]) -> Offsets {
    let committed = |offset| Committed { offset, leader_epoch: Some(3), metadata: "mine".to_owned() };
    of.iter().map(|(partition, offset)| (orders(*partition), Ok(committed(*offset)))).collect()
}

/// One partition, source 0 to 99 at target 10 to 109.
fn found(at_source: Offsets, at_target: AtTarget) -> Found {
    let mut map = OffsetMap::new(Pair { source: 0, target: 10 });
    map.append(0, 10, 100);
    let mapped = Mapped { map, source_first: 0, target_first: 0, stopped: None };
    let group = FoundGroup { at_source, at_target: Ok(at_target) };
    Found {
        groups: [("billing".to_owned(), Ok(group))].into(),
        maps: [(orders(0), Ok(mapped)), (orders(1), Err(Unmapped::NoMap))].into(),
        targets: [0, 1].map(|p| (orders(p), TopicPartition::new("us.orders", p))).into(),
    }
}

fn there(of: &[(i32, i64)]) -> AtTarget {
    let renamed = |(partition, committed): (TopicPartition, _)| {
        (TopicPartition::new("us.orders", partition.partition), committed)
    };
    AtTarget { members: Vec::new(), offsets: offsets(of).into_iter().map(renamed).collect() }
}

fn only(found: &Found, may_rewind: bool) -> Move {
    plan(found, may_rewind)[0].moves[0].clone()
}

#[test]
fn g6_a_group_new_to_the_target_gets_the_translated_offset_and_keeps_its_words() {
    let planned = only(&found(offsets(&[(0, 40)]), AtTarget::default()), false);
    let commit = planned.commit().unwrap();
    assert_eq!((commit.partition.to_string(), commit.offset.0), ("us.orders[0]".to_owned(), 50));
    assert_eq!(commit.metadata, "mine");
}

#[test]
fn g10_a_group_never_goes_back_unless_asked() {
    let ahead = found(offsets(&[(0, 40)]), there(&[(0, 51)]));
    assert!(matches!(only(&ahead, false).step, Step::Left(Left::TargetAhead { at_target: 51 })));
    assert!(only(&ahead, false).commit().is_none());
    assert!(matches!(only(&ahead, true).step, Step::Rewind));
    assert_eq!(only(&ahead, true).commit().unwrap().offset.0, 50);
    assert!(matches!(only(&found(offsets(&[(0, 40)]), there(&[(0, 50)])), true).step, Step::InPlace));
    assert!(matches!(only(&found(offsets(&[(0, 40)]), there(&[(0, 49)])), false).step, Step::Commit));
}

#[test]
fn g1_a_group_ahead_of_the_copy_goes_to_its_end_and_no_further() {
    let planned = only(&found(offsets(&[(0, 150)]), AtTarget::default()), false);
    assert_eq!(planned.bound(), Some(Bound::Ahead { next: 100 }));
    assert_eq!(planned.commit().unwrap().offset.0, 110);
}

#[test]
fn g10_nothing_of_a_group_with_members_is_touched() {
    let member = Member { client_id: "app-1".to_owned(), host: "/10.0.0.7".to_owned(), instance_id: None };
    let active = AtTarget { members: vec![member], ..there(&[(0, 50)]) };
    let plans = plan(&found(offsets(&[(0, 40), (1, 7)]), active.clone()), true);
    assert_eq!(
        plans[0].blocked.as_ref().unwrap().to_string(),
        "it has a member at the target: app-1 (10.0.0.7)"
    );
    assert!(plans[0].moves.iter().all(|planned| planned.commit().is_none()));
    assert!(matches!(plans[0].moves[0].step, Step::InPlace), "what needs nothing is not called blocked");
    let plans = plan(&found(offsets(&[(0, 60)]), active), false);
    assert!(matches!(plans[0].moves[0].step, Step::Left(Left::Blocked)));
}

#[test]
fn g11_what_cannot_be_told_says_why_and_moves_nothing_else() {
    let mut found = found(offsets(&[(0, 40), (1, 7), (2, 7)]), AtTarget::default());
    let Ok(group) = found.groups.get_mut("billing").unwrap() else { panic!("it was found") };
    group.at_source.insert(orders(3), Err(ResponseError::UnstableOffsetCommit));
    let plans = plan(&found, false);
    let told: Vec<_> = plans[0]
        .moves
        .iter()
        .map(|planned| match &planned.step {
            Step::Left(left) => (left.code(), left.is_known()),
            _ => ("moved", planned.is_change()),
        })
        .collect();
    assert_eq!(told, [("moved", true), ("no_map", false), ("not_copied", true), ("unreadable", false)]);
}

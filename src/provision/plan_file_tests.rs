#![allow(clippy::unwrap_used)]

use super::*;

fn observed(partitions: usize, retention: &str) -> ObservedTopic {
    ObservedTopic {
        id: Some(Uuid::from_u128(7)),
        partitions,
        replication_factor: 1,
        configs: [("retention.ms".to_owned(), retention.to_owned())].into(),
    }
}

fn plan() -> PlanFile {
    let cluster = |alias: &str| PlannedCluster {
        alias: alias.into(),
        cluster_id: format!("id-{alias}").as_str().into(),
    };
    let grow = Change::Grow { topic: "a".into(), from: 2, to: 4 };
    let flow = FlowPlan {
        flow: "us-eu".into(),
        source: cluster("us"),
        target: cluster("eu"),
        changes: vec![grow],
        observed: vec![Observed {
            topic: "a".into(),
            source: Some(observed(4, "5")),
            target: Some(observed(2, "5")),
        }],
    };
    PlanFile::new(
        "2030-01-01T00:00:00Z".to_owned(),
        Options::default(),
        vec!["a*".to_owned()],
        vec![],
        vec![flow],
    )
}

#[test]
fn a_plan_reads_back_as_it_was_written() {
    let plan = plan();
    assert_eq!(plan.changes, 1);
    assert_eq!(PlanFile::parse(&plan.to_text()), Ok(plan));
}

#[test]
fn g10_an_edited_plan_another_document_and_a_later_version_are_refused() {
    let text = plan().to_text();
    // Layout is not content.
    let compact = serde_json::from_str::<serde_json::Value>(&text).unwrap().to_string();
    assert!(PlanFile::parse(&compact).is_ok());
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in\n{text}");
        PlanFile::parse(&text.replace(from, to)).unwrap_err()
    };
    assert!(matches!(refused("\"to\": 4", "\"to\": 5"), PlanFault::Edited { .. }));
    assert!(matches!(refused("\"allow_delete\": false", "\"allow_delete\": true"), PlanFault::Edited { .. }));
    assert!(matches!(refused("topics-plan/v1", "topics-plan/v2"), PlanFault::Schema { .. }));
    assert!(matches!(refused("\"grow\"", "\"shrink\""), PlanFault::Shape(_)));
    assert!(matches!(refused("\"to\": 4", "\"to\": 4, \"force\": true"), PlanFault::Shape(_)));
    assert!(matches!(PlanFile::parse("{}"), Err(PlanFault::Schema { .. })));
    assert!(matches!(PlanFile::parse(&text[..100]), Err(PlanFault::NotJson(_))));
}

#[test]
fn g10_what_changed_since_is_named() {
    let was = Observed { topic: "a".into(), source: Some(observed(4, "5")), target: Some(observed(2, "5")) };
    let kinds = |now: &Observed| -> Vec<DriftKind> {
        Drift::between(&was, now).into_iter().map(|drift| drift.what).collect()
    };
    assert_eq!(kinds(&was), []);
    let target = Some(observed(3, "6"));
    assert_eq!(
        kinds(&Observed { target, ..was.clone() }),
        [
            DriftKind::Partitions(Side::Target, 2, 3),
            DriftKind::Config(Side::Target, "retention.ms".into(), Some("5".into()), Some("6".into()))
        ]
    );
    assert_eq!(kinds(&Observed { source: None, ..was.clone() }), [DriftKind::Gone(Side::Source)]);
    let anew = Some(ObservedTopic { id: None, ..observed(2, "5") });
    assert_eq!(kinds(&Observed { target: anew, ..was.clone() }), [DriftKind::Recreated(Side::Target)]);
}

//! G9 and G11 where a right is missing on one topic of five: the others are copied whole, the run ends
//! with 1, and the text names topic, right and what to try.

use crate::harness::admin::{create_topic, topic_exists};
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::Route;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{LIMITED_PASSWORD, LIMITED_USER, Listener};
use crate::harness::strait::login;
use crate::harness::tools::allow;
use crate::harness::{Lab, live};

fn five(lab: &Lab) -> Vec<String> {
    (0..5).map(|number| lab.topic(&number.to_string())).collect()
}

/// Allows the limited user operations on topics.
fn grant(operations: &[&str], topics: &[&String]) {
    let operations = operations.iter().flat_map(|operation| ["--operation", operation]);
    let topics = topics.iter().flat_map(|topic| ["--topic", topic.as_str()]);
    allow(shared_secure(), LIMITED_USER, &operations.chain(topics).collect::<Vec<_>>());
}

fn limited(lab: &Lab) -> String {
    login(lab, "SCRAM-SHA-256", (LIMITED_USER, LIMITED_PASSWORD))
}

#[test]
fn g9_a_topic_that_may_not_be_read_stops_alone() {
    live(|lab| {
        let (source, topics) = (shared_secure(), five(lab));
        for topic in &topics {
            create_topic(source, topic, 1, &[]);
            produce(source, topic, "lz4", &mixed(120, 100, 1));
        }
        grant(&["Describe", "DescribeConfigs"], &topics.iter().collect::<Vec<_>>());
        grant(&["Read"], &topics[..4].iter().collect::<Vec<_>>());
        let route = Route::between(lab, source, &shared_pair().target)
            .source_by(Listener::SaslPlaintext, &limited(lab))
            .impatient();
        let finished = route.once(&[&lab.topic("*")]).assert_code(1);
        for topic in &topics[..4] {
            route.assert_same(topic, 100);
        }
        let stopped = format!("{}[0] stopped", topics[4]);
        finished.assert_says(&[&stopped, "TOPIC_AUTHORIZATION_FAILED", "source", "Read", "try:"]);
    });
}

#[test]
fn g9_topics_that_may_not_be_created_or_written_stop_alone() {
    live(|lab| {
        let (source, target, topics) = (&shared_pair().source, shared_secure(), five(lab));
        for topic in &topics {
            create_topic(source, topic, 1, &[]);
            produce(source, topic, "lz4", &mixed(130, 100, 1));
        }
        let (uncreated, unwritten) = (&topics[3], &topics[4]);
        create_topic(target, unwritten, 1, &[]);
        let route =
            Route::between(lab, source, target).target_by(Listener::SaslPlaintext, &limited(lab)).impatient();
        let state = format!("strait.{}", route.flow());
        let copied: Vec<&String> = topics[..3].iter().chain([&state]).collect();
        grant(&["Describe", "DescribeConfigs", "Create", "Read", "Write"], &copied);
        grant(&["Describe", "DescribeConfigs"], &[uncreated, unwritten]);
        allow(target, LIMITED_USER, &["--operation", "Read", "--group", &state]);
        let finished = route.once(&[&lab.topic("*")]).assert_code(1);
        for topic in &topics[..3] {
            route.assert_same(topic, 100);
        }
        assert!(!topic_exists(target, uncreated));
        let stopped = [uncreated, unwritten].map(|topic| format!("{topic}[0] stopped"));
        let words =
            [&stopped[0], &stopped[1], "TOPIC_AUTHORIZATION_FAILED", "target", "Create", "Write", "try:"];
        finished.assert_says(&words);
    });
}

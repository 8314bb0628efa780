//! Shows that the harness itself tells the truth, before anything is judged by it.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::harness::admin::{
    create_topic, delete_records_before, grow_topic, leader, set_topic_configs, topic_config,
};
use crate::harness::certificates::certificates;
use crate::harness::compare::{assert_same_renamed, first_difference};
use crate::harness::maven::Version;
use crate::harness::produce::{CODECS, Writer, produce};
use crate::harness::proxy::Direction;
use crate::harness::records::{Isolation, mixed, partitions, read_all, watermarks};
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, Listener, PASSWORD, USER};
use crate::harness::{live, live_on, tools};

/// Enough for an answer on a busy machine.
const ANSWER: Duration = Duration::from_secs(30);
/// rdkafka retries a refused connection for as long as it may, so a refusal costs this much.
const REFUSAL: Duration = Duration::from_secs(2);

#[test]
fn what_is_produced_with_every_codec_is_read_back() {
    live(|lab| {
        let cluster = &shared_pair().source;
        for codec in CODECS {
            let topic = lab.topic(codec);
            create_topic(cluster, &topic, 2, &[]);
            let written = mixed(1, 200, 2);
            produce(cluster, &topic, codec, &written);
            let read = read_all(cluster, &topic, Isolation::ReadUncommitted);
            for partition in 0..2 {
                let wanted = written.iter().filter(|record| record.partition == partition);
                assert_eq!(wanted.clone().count(), read[&partition].len());
                for (wanted, found) in wanted.zip(&read[&partition]) {
                    assert_eq!((&wanted.key, &wanted.value), (&found.key, &found.value));
                    assert_eq!(wanted.headers, found.headers);
                    assert_eq!(Some(wanted.timestamp_ms), found.timestamp_ms);
                }
            }
        }
    });
}

#[test]
fn the_comparison_finds_a_lost_record_and_a_changed_one() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        create_topic(&pair.target, &topic, 1, &[]);
        let written = mixed(2, 50, 1);
        produce(&pair.source, &topic, "lz4", &written);
        produce(&pair.target, &topic, "zstd", &written);
        assert_eq!(assert_same_renamed(&pair.source, &topic, &pair.target, &topic), 50);
        let source = read_all(&pair.source, &topic, Isolation::ReadCommitted);
        let mut target = source.clone();
        target.get_mut(&0).unwrap().remove(49);
        let lost = first_difference(&topic, &source, &target).unwrap();
        assert!(lost.contains("source has 50 records, target 49"), "{lost}");
        let mut target = source.clone();
        target.get_mut(&0).unwrap()[7].value = Some(b"other".to_vec());
        let changed = first_difference(&topic, &source, &target).unwrap();
        assert!(changed.contains("record 7") && changed.contains("value"), "{changed}");
        let mut target = source.clone();
        target.get_mut(&0).unwrap()[7].timestamp_ms = Some(1);
        assert!(first_difference(&topic, &source, &target).unwrap().contains("timestamp"));
    });
}

#[test]
fn aborted_records_are_in_the_log_but_not_for_committed_readers() {
    live(|lab| {
        let cluster = &shared_pair().source;
        let topic = lab.topic("t");
        create_topic(cluster, &topic, 1, &[]);
        let writer = Writer::transactional(cluster, &topic, &[]);
        writer.begin();
        writer.send(&topic, &mixed(3, 10, 1));
        writer.abort();
        writer.begin();
        writer.send(&topic, &mixed(4, 5, 1));
        writer.commit();
        assert_eq!(read_all(cluster, &topic, Isolation::ReadUncommitted)[&0].len(), 15);
        assert_eq!(read_all(cluster, &topic, Isolation::ReadCommitted)[&0].len(), 5);
    });
}

#[test]
fn topics_grow_trim_and_take_configs() {
    live(|lab| {
        let cluster = &shared_pair().target;
        let topic = lab.topic("t");
        create_topic(cluster, &topic, 1, &[("retention.ms", "86400000")]);
        assert_eq!(topic_config(cluster, &topic, "retention.ms").as_deref(), Some("86400000"));
        set_topic_configs(cluster, &topic, &[("max.message.bytes", "123456")]);
        assert_eq!(topic_config(cluster, &topic, "max.message.bytes").as_deref(), Some("123456"));
        grow_topic(cluster, &topic, 3);
        assert_eq!(partitions(cluster, &topic).len(), 3);
        produce(cluster, &topic, "none", &mixed(5, 20, 1));
        delete_records_before(cluster, &topic, 0, 8);
        assert_eq!(watermarks(cluster, &topic, 0), (8, 20));
    });
}

#[test]
fn a_killed_broker_comes_back_with_its_records() {
    live(|lab| {
        let cluster = lab.start("one", ClusterSpec::one());
        create_topic(&cluster, "kept", 1, &[]);
        produce(&cluster, "kept", "none", &mixed(6, 100, 1));
        cluster.node(1).kill();
        cluster.restart(1);
        assert_eq!(read_all(&cluster, "kept", Isolation::ReadUncommitted)[&0].len(), 100);
    });
}

#[test]
fn three_brokers_move_a_leader_and_lose_one() {
    live(|lab| {
        let cluster = lab.start("three", ClusterSpec::three());
        create_topic(&cluster, "moved", 1, &[]);
        let next = leader(&cluster, "moved", 0).unwrap() % 3 + 1;
        tools::move_leaders(&cluster, &lab.work_dir(), "moved");
        assert_eq!(leader(&cluster, "moved", 0), Some(next));
        produce(&cluster, "moved", "none", &mixed(7, 20, 1));
        cluster.node(next).stop();
        produce(&cluster, "moved", "none", &mixed(8, 20, 1));
        cluster.restart(next);
        assert_eq!(read_all(&cluster, "moved", Isolation::ReadUncommitted)[&0].len(), 40);
    });
}

#[test]
fn older_brokers_start_too() {
    live_on(&[Version::V3_9, Version::V3_7], |lab| {
        for version in [Version::V3_9, Version::V3_7] {
            let cluster = lab.start(version.as_str(), ClusterSpec::one().version(version));
            create_topic(&cluster, "t", 1, &[]);
            produce(&cluster, "t", "zstd", &mixed(9, 10, 1));
            assert_eq!(read_all(&cluster, "t", Isolation::ReadCommitted)[&0].len(), 10);
        }
    });
}

#[test]
fn secure_listeners_let_in_who_may_and_nobody_else() {
    live(|_| {
        let cluster = shared_secure();
        let files = certificates();
        let reaches = |listener: Listener, settings: &[(&str, &str)], limit: Duration| {
            let mut config = cluster.client_config();
            config.set("bootstrap.servers", cluster.bootstrap(listener).join(","));
            config.set("security.protocol", listener.protocol());
            config.set("ssl.ca.location", files.ca.to_str().unwrap());
            for (key, value) in settings {
                config.set(*key, *value);
            }
            config.create::<BaseConsumer>().unwrap().fetch_metadata(None, limit).is_ok()
        };
        let identity = [
            ("ssl.certificate.location", files.client_certificate.to_str().unwrap()),
            ("ssl.key.location", files.client_key.to_str().unwrap()),
        ];
        assert!(reaches(Listener::Ssl, &[], ANSWER));
        assert!(!reaches(Listener::Ssl, &[("ssl.ca.location", files.other_ca.to_str().unwrap())], REFUSAL));
        assert!(reaches(Listener::Mtls, &identity, ANSWER));
        assert!(!reaches(Listener::Mtls, &[], REFUSAL));
        assert!(!reaches(Listener::Expired, &[], REFUSAL));
        assert!(!reaches(Listener::WrongName, &[], REFUSAL));
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            for listener in [Listener::SaslPlaintext, Listener::SaslSsl] {
                let login = |password| {
                    [("sasl.mechanism", mechanism), ("sasl.username", USER), ("sasl.password", password)]
                };
                assert!(reaches(listener, &login(PASSWORD), ANSWER), "{mechanism} on {listener:?}");
            }
        }
        let wrong = [("sasl.mechanism", "PLAIN"), ("sasl.username", USER), ("sasl.password", "wrong")];
        assert!(!reaches(Listener::SaslPlaintext, &wrong, REFUSAL));
    });
}

#[test]
fn a_proxied_listener_is_delayed_cut_and_resumed() {
    live(|lab| {
        let cluster = lab.start("proxied", ClusterSpec::one().proxied());
        let asks = |limit: Duration| {
            let mut config = cluster.client_config();
            config.set("bootstrap.servers", cluster.bootstrap(Listener::Proxied).join(","));
            config.create::<BaseConsumer>().unwrap().fetch_metadata(None, limit)
        };
        let proxy = &cluster.proxies[0];
        let advertised = asks(ANSWER).unwrap().brokers()[0].port();
        assert_eq!(advertised, i32::from(proxy.port), "clients must stay behind the proxy");
        assert!(proxy.forwarded_bytes() > 0);
        proxy.set_delay(Direction::ToClient, Duration::from_secs(4));
        assert!(asks(REFUSAL).is_err(), "the answer is on its way for longer than the client waits");
        proxy.set_delay(Direction::ToClient, Duration::ZERO);
        proxy.cut();
        assert!(asks(REFUSAL).is_err());
        proxy.resume();
        assert!(asks(ANSWER).is_ok());
    });
}

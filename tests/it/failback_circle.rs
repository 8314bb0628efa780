//! The full circle on sandbox clusters: fail over, write at the target, fail back, write at the source. Every record
//! is accounted for by a reader that knows nothing of the engine.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use strait::config::load_text;
use strait::config::settings::{FlowSettings, Settings};
use strait::config::source::SourceText;
use strait::engine::event::Event;
use strait::engine::offset_map::Translation;
use strait::engine::partition::Phase;
use strait::engine::state_read;
use strait::engine::supervisor::{Flow, FlowError, RunMode};
use strait::failback::error::FailbackError;
use strait::failback::settle::Choice;
use strait::failback::survey::Survey;
use strait::failback::way::{CameBack, Failback};
use strait::failover::drain::Rest;
use strait::failover::whole::{FailedOver, fail_over};
use strait::groups::translation::Bound;
use strait::kafka::cluster::Cluster as Client;
use strait::sandbox::{Cluster, ClusterSpec, TopicSpec};
use strait::types::{SourceOffset, TopicPartition};
use tokio::sync::{mpsc, watch};

use crate::sandbox_kit::{LONG, client, producer, read_all, runtime, start, write};

const PARTITIONS: i32 = 3;
const REST: Rest = Rest { quiet_for: Duration::from_millis(40), timeout: Duration::from_secs(40) };
/// The steps of a way back, each of which may be the last before a kill.
const STEPS: usize = 7;

/// Two clusters and a flow between them.
struct Circle {
    us: Cluster,
    eu: Cluster,
    settings: Settings,
    /// The topic's name at either end.
    topics: [&'static str; 2],
}

impl Circle {
    fn new() -> Self {
        Self::with("", ["orders", "orders"])
    }

    fn with(more: &str, topics: [&'static str; 2]) -> Self {
        let us = start(ClusterSpec::new(2).topic(TopicSpec::new(topics[0], PARTITIONS)));
        let eu = start(ClusterSpec::new(2));
        let text = format!(
            "[clusters.us]\nbootstrap_servers = {:?}\n[clusters.eu]\nbootstrap_servers = {:?}\n\
             [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [{:?}]\ngroups = [\"workers\"]\n{more}\n",
            servers(&us),
            servers(&eu),
            topics[0],
        );
        let env = |_: &str| None;
        let loaded = load_text(SourceText::new("strait.toml".into(), text), &env);
        let settings = loaded.unwrap_or_else(|failure| panic!("{}", failure.render(false, 100))).settings;
        Self { us, eu, settings, topics }
    }

    fn flow(&self) -> FlowSettings {
        self.settings.flows["us-eu"].clone()
    }

    async fn open(&self, alias: &str) -> Client {
        Client::open(Arc::new(self.settings.clusters[alias].clone())).await.unwrap()
    }

    fn write_us(&self, numbers: Range<i32>) {
        write(&producer(&self.us, &[("compression.type", "lz4")]), self.topics[0], PARTITIONS, numbers);
    }

    fn write_eu(&self, numbers: Range<i32>) {
        write(&producer(&self.eu, &[("compression.type", "zstd")]), self.topics[1], PARTITIONS, numbers);
    }

    /// Copies with the original flow until all is at the target.
    fn replicate(&self) -> Result<(), FlowError> {
        self.run(self.flow())
    }

    fn run(&self, flow: FlowSettings) -> Result<(), FlowError> {
        runtime().block_on(async {
            let clusters = (self.open(flow.source.as_str()).await, self.open(flow.target.as_str()).await);
            let (_stop, stopping) = watch::channel(false);
            let run = Flow::new(flow, RunMode::UntilCaughtUp, clusters, listener());
            for cell in run.run(stopping).await? {
                let state = cell.lock();
                assert!(
                    !matches!(state.partition.phase(), Phase::Stopped(_)),
                    "{:?}",
                    state.partition.phase()
                );
            }
            Ok(())
        })
    }

    fn fail_over(&self) -> FailedOver {
        runtime().block_on(async {
            let eu = self.open("eu").await;
            fail_over(&eu, &self.flow(), None).await.unwrap()
        })
    }

    async fn begin(&self) -> Result<Failback, FailbackError> {
        let (us, eu) = (self.open("us").await, self.open("eu").await);
        let configured: Vec<FlowSettings> = self.settings.flows.values().cloned().collect();
        Failback::open(&us, &eu, &self.flow(), &configured, listener()).await
    }

    fn survey(&self) -> Survey {
        runtime().block_on(async { self.begin().await.unwrap().survey().await.unwrap() })
    }

    /// Takes the first `steps` of the way back, as a run that is killed behind them would.
    #[expect(clippy::result_large_err, reason = "a test's own")]
    fn steps(&self, choice: Option<&Choice>, steps: usize) -> Result<Option<CameBack>, FailbackError> {
        runtime().block_on(self.way(choice, steps))
    }

    async fn way(&self, choice: Option<&Choice>, steps: usize) -> Result<Option<CameBack>, FailbackError> {
        let mut way = self.begin().await?;
        let mut survey = way.survey().await?;
        way.settle(&mut survey, choice).await?;
        if steps == 1 {
            return Ok(None);
        }
        let begun = way.begin(&survey).await?;
        if steps == 2 {
            return Ok(None);
        }
        let mut caught_up = None;
        if !way.is_back() {
            way.drain(&survey, REST).await?;
            if steps == 3 {
                return Ok(None);
            }
            caught_up = Some(way.catch_up(&survey, REST).await?);
        }
        if steps <= 4 {
            return Ok(None);
        }
        let back = way.end(&begun, caught_up.as_ref()).await?;
        if steps == 5 {
            return Ok(Some(back));
        }
        way.reopen(&survey).await?;
        Ok(Some(back))
    }

    fn fail_back(&self, choice: Option<&Choice>) -> CameBack {
        self.steps(choice, STEPS).unwrap().unwrap()
    }

    /// Reads the numbers of all records at one end, by partition, in their order there.
    fn numbers(&self, end: usize) -> BTreeMap<i32, Vec<i32>> {
        let cluster = [&self.us, &self.eu][end];
        let more = [("isolation.level", "read_committed")];
        let read = read_all(cluster, self.topics[end], PARTITIONS, &more);
        let number = |headers: &[(String, Option<Vec<u8>>)]| {
            i32::from_be_bytes(headers[0].1.as_deref().unwrap().try_into().unwrap())
        };
        let numbers =
            |seen: Vec<crate::sandbox_kit::Seen>| seen.iter().map(|one| number(&one.headers)).collect();
        read.into_iter().map(|(partition, seen)| (partition, numbers(seen))).collect()
    }

    /// Has both ends hold these records, each once and in this order in its partition.
    #[track_caller]
    fn assert_holds(&self, us: &[Range<i32>], eu: &[Range<i32>]) {
        for (end, wanted) in [us, eu].into_iter().enumerate() {
            let mut by_partition: BTreeMap<i32, Vec<i32>> =
                (0..PARTITIONS).map(|index| (index, vec![])).collect();
            for number in wanted.iter().cloned().flatten() {
                by_partition.get_mut(&(number % PARTITIONS)).unwrap().push(number);
            }
            assert_eq!(self.numbers(end), by_partition, "at {}", ["us", "eu"][end]);
        }
    }

    fn commit(&self, end: usize, offset: i64) {
        let consumer: BaseConsumer =
            client([&self.us, &self.eu][end], &[("group.id", "workers")]).create().unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            list.add_partition_offset(self.topics[end], partition, Offset::Offset(offset)).unwrap();
        }
        consumer.commit(&list, CommitMode::Sync).unwrap();
    }

    /// Returns the numbers that the group gets next in each partition.
    fn unread(&self, end: usize) -> BTreeMap<i32, Vec<i32>> {
        let consumer: BaseConsumer =
            client([&self.us, &self.eu][end], &[("group.id", "workers")]).create().unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            list.add_partition(self.topics[end], partition);
        }
        let found = consumer.committed_offsets(list, LONG).unwrap();
        let offsets = (0..PARTITIONS).map(|partition| {
            let offset = found.find_partition(self.topics[end], partition).unwrap().offset();
            let Offset::Offset(offset) = offset else { panic!("no offset in {partition}") };
            offset
        });
        self.unread_from(end, &offsets.collect::<Vec<_>>())
    }

    /// Translates a source offset of each partition by what the original flow recorded.
    fn translated(&self, offset: i64) -> Vec<i64> {
        let state = runtime().block_on(async {
            let eu = self.open("eu").await;
            state_read::read(&eu, &"strait.us-eu".into()).await.unwrap().unwrap()
        });
        let of = |partition| {
            let map = state.map(&TopicPartition::new(self.topics[0], partition)).unwrap().unwrap();
            match map.to_target(SourceOffset(offset)) {
                Translation::Exact(target) | Translation::AtOrBefore(target) => target.0,
                Translation::Unknown(why) => panic!("{offset}: {why}"),
            }
        };
        (0..PARTITIONS).map(of).collect()
    }

    /// Returns the numbers from these offsets on.
    fn unread_from(&self, end: usize, offsets: &[i64]) -> BTreeMap<i32, Vec<i32>> {
        let all = read_all([&self.us, &self.eu][end], self.topics[end], PARTITIONS, &[]);
        let numbers = self.numbers(end);
        (0..PARTITIONS)
            .zip(offsets)
            .map(|(partition, &offset)| {
                let behind = all[&partition].iter().zip(&numbers[&partition]);
                (partition, behind.filter(|(seen, _)| seen.offset >= offset).map(|(_, n)| *n).collect())
            })
            .collect()
    }
}

fn servers(cluster: &Cluster) -> Vec<String> {
    cluster.addresses().iter().map(ToString::to_string).collect()
}

fn listener() -> mpsc::Sender<Event> {
    let (events, mut receiver) = mpsc::channel(256);
    runtime().spawn(async move { while receiver.recv().await.is_some() {} });
    events
}

/// Copies 0 to 59, leaves 60 to 74 stranded, fails over, and writes 1000 to 1059 at the target.
fn failed_over(circle: &Circle) {
    circle.write_us(0..60);
    circle.replicate().unwrap();
    circle.write_us(60..75);
    circle.fail_over();
    circle.write_eu(1000..1060);
}

#[test]
fn g1_g2_a_full_circle_with_each_choice_accounts_for_every_record() {
    let folder = tempfile::tempdir().unwrap();
    let export = Choice::Export(folder.path().join("stranded"));
    for choice in [Choice::Append, Choice::Leave, export] {
        let circle = Circle::new();
        failed_over(&circle);
        let survey = circle.survey();
        assert_eq!(survey.open(), (15, 3));
        let back = circle.fail_back(Some(&choice));
        assert!(back.ended.is_some() && back.unfenced.is_empty());
        let us = [0..60, 60..75, 1000..1060, 2000..2030];
        let appended = if choice == Choice::Append { 60..75 } else { 0..0 };
        let eu = [0..60, 1000..1060, appended, 2000..2030];
        circle.assert_holds(&us[..3], &eu[..3]);
        circle.write_us(2000..2030);
        circle.replicate().unwrap();
        circle.assert_holds(&us, &eu);
    }
    let lines: usize = std::fs::read_dir(folder.path().join("stranded"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap().lines().count())
        .sum();
    assert_eq!(lines, 15);
}

#[test]
fn g10_stranded_records_need_a_choice_by_name() {
    let circle = Circle::new();
    failed_over(&circle);
    let refused = circle.steps(None, STEPS).unwrap_err();
    assert!(matches!(refused, FailbackError::Undecided { records: 15, partitions: 3 }), "{refused}");
    // Nothing was changed: the flow is as it was ended.
    assert!(matches!(circle.replicate(), Err(FlowError::Ended(_))));
    circle.fail_back(Some(&Choice::Leave));
    let again = circle.steps(None, STEPS).unwrap_err();
    assert!(matches!(again, FailbackError::NotEnded), "{again}");
}

#[test]
fn g2_killed_behind_any_step_the_next_run_goes_on() {
    for (choice, kills) in [(Choice::Append, vec![1, 2, 3, 4, 5]), (Choice::Leave, vec![2, 5])] {
        for killed_after in kills {
            let circle = Circle::new();
            failed_over(&circle);
            circle.steps(Some(&choice), killed_after).unwrap();
            // While it is under way nobody runs the original flow.
            assert!(matches!(circle.replicate(), Err(FlowError::Ended(_))), "after {killed_after}");
            circle.fail_back(Some(&choice));
            circle.write_us(2000..2030);
            circle.replicate().unwrap();
            let appended = if choice == Choice::Append { 60..75 } else { 0..0 };
            circle.assert_holds(&[0..75, 1000..1060, 2000..2030], &[0..60, 1000..1060, appended, 2000..2030]);
        }
    }
}

/// What a process that is killed has under way goes on for a while in the brokers' queues; here its tasks do.
#[test]
fn g1_g2_given_up_at_any_moment_the_next_run_goes_on() {
    let circle = Circle::new();
    failed_over(&circle);
    let mut limit = Duration::from_millis(15);
    loop {
        let way = circle.way(Some(&Choice::Append), STEPS);
        match runtime().block_on(async { tokio::time::timeout(limit, way).await }) {
            Ok(Err(FailbackError::NotEnded)) => break,
            Ok(done) => {
                done.unwrap();
                break;
            }
            Err(_) => limit = limit * 4 / 3,
        }
        assert!(limit < LONG);
    }
    circle.write_us(2000..2030);
    circle.replicate().unwrap();
    circle.assert_holds(&[0..75, 1000..1060, 2000..2030], &[0..60, 1000..1060, 60..75, 2000..2030]);
}

#[test]
fn g1_g6_a_second_circle_begins_where_the_first_ended() {
    for choice in [Choice::Append, Choice::Leave] {
        let circle = Circle::new();
        failed_over(&circle);
        circle.fail_back(Some(&choice));
        circle.write_us(2000..2030);
        circle.replicate().unwrap();
        circle.write_us(2030..2040);
        circle.fail_over();
        circle.write_eu(3000..3030);
        assert_eq!(circle.survey().open().0, 10);
        circle.fail_back(Some(&choice));
        circle.write_us(4000..4030);
        circle.replicate().unwrap();
        let is_appended = choice == Choice::Append;
        let appended = |numbers: Range<i32>| if is_appended { numbers } else { 0..0 };
        circle.assert_holds(
            &[0..75, 1000..1060, 2000..2040, 3000..3030, 4000..4030],
            &[0..60, 1000..1060, appended(60..75), 2000..2030, 3000..3030, appended(2030..2040), 4000..4030],
        );
    }
}

#[test]
fn g1_a_way_back_that_was_ended_by_hand_is_taken_to_its_end() {
    let circle = Circle::new();
    failed_over(&circle);
    circle.steps(Some(&Choice::Leave), 3).unwrap();
    circle.write_eu(1060..1090);
    let back = runtime().block_on(async { circle.begin().await.unwrap().reverse().settings.clone() });
    runtime().block_on(async {
        let us = circle.open("us").await;
        fail_over(&us, &back, None).await.unwrap();
    });
    circle.fail_back(Some(&Choice::Leave));
    circle.write_us(2000..2030);
    circle.replicate().unwrap();
    circle.assert_holds(&[0..75, 1000..1090, 2000..2030], &[0..60, 1000..1090, 2000..2030]);
}

#[test]
fn g1_renamed_topics_come_back_under_their_own_names() {
    let circle = Circle::with("rename = \"us.{topic}\"", ["orders", "us.orders"]);
    failed_over(&circle);
    circle.fail_back(Some(&Choice::Append));
    circle.write_us(2000..2030);
    circle.replicate().unwrap();
    circle.assert_holds(&[0..75, 1000..1060, 2000..2030], &[0..60, 1000..1060, 60..75, 2000..2030]);
}

#[test]
fn g6_groups_go_back_to_their_next_record() {
    let circle = Circle::new();
    failed_over(&circle);
    // In front of what is new at the target, and inside it.
    for offset in [7, 31] {
        circle.commit(1, offset);
        let wanted = circle.unread(1);
        if offset == 31 {
            assert!(wanted[&0].iter().all(|number| *number >= 1000) && wanted[&0].len() < 20, "{wanted:?}");
            circle.fail_back(Some(&Choice::Leave));
            assert_eq!(circle.unread(0), wanted);
        }
    }
}

#[test]
fn g1_g6_a_group_that_has_not_read_appended_records_finds_them_at_the_source() {
    let circle = Circle::new();
    failed_over(&circle);
    circle.commit(1, 31);
    let unread = circle.unread(1);
    let back = circle.fail_back(Some(&Choice::Append));
    let moves = &back.looked.groups.plans[0].moves;
    assert!(moves.len() == 3 && moves.iter().all(|one| one.bound() == Some(Bound::Reordered)), "{moves:?}");
    let found = circle.unread(0);
    for (partition, unread) in unread {
        let appended = (60..75).filter(|number| number % PARTITIONS == partition);
        for number in unread.into_iter().chain(appended) {
            assert!(found[&partition].contains(&number), "{number} in {found:?}");
        }
    }
    // The way over again, in which the source is asked: what it has not read yet is not passed over either.
    for offset in [33, 38] {
        circle.commit(0, offset);
        let unread = circle.unread(0);
        assert!(unread.values().all(|unread| unread.iter().any(|number| *number >= 1000)));
        let eu = circle.translated(offset);
        let there = circle.unread_from(1, &eu);
        for (partition, unread) in unread {
            assert!(unread.iter().all(|number| there[&partition].contains(number)), "{offset}: {there:?}");
        }
    }
}

#[test]
fn g1_what_applications_wrote_at_the_target_before_the_flow_was_ended_comes_back_too() {
    let circle = Circle::new();
    circle.write_us(0..60);
    circle.replicate().unwrap();
    // Somebody was early.
    circle.write_eu(1000..1030);
    circle.write_us(60..75);
    circle.replicate().unwrap();
    circle.fail_over();
    circle.write_eu(1030..1060);
    circle.fail_back(None);
    circle.write_us(2000..2030);
    circle.replicate().unwrap();
    circle
        .assert_holds(&[0..75, 1000..1060, 2000..2030], &[0..60, 1000..1030, 60..75, 1030..1060, 2000..2030]);
}

#[test]
fn g1_what_is_written_at_the_source_during_the_way_back_is_copied_on() {
    let circle = Circle::new();
    failed_over(&circle);
    circle.steps(Some(&Choice::Leave), 3).unwrap();
    circle.write_us(500..530);
    circle.fail_back(Some(&Choice::Leave));
    circle.write_us(2000..2030);
    circle.replicate().unwrap();
    circle
        .assert_holds(&[0..75, 1000..1060, 500..530, 2000..2030], &[0..60, 1000..1060, 500..530, 2000..2030]);
}

#[test]
fn g5_transactions_on_both_sides_come_through_whole() {
    let circle = Circle::new();
    let transact = |cluster: &Cluster, topic: &str, numbers: Range<i32>| {
        let writer = producer(cluster, &[("transactional.id", "app"), ("compression.type", "lz4")]);
        writer.init_transactions(LONG).unwrap();
        for (index, first) in numbers.clone().step_by(15).enumerate() {
            writer.begin_transaction().unwrap();
            // Aborted ones bear numbers that nobody is to see.
            let shift = if index % 2 == 0 { 100_000 } else { 0 };
            write(&writer, topic, PARTITIONS, first + shift..first + shift + 15);
            if shift > 0 {
                writer.abort_transaction(LONG).unwrap();
                writer.begin_transaction().unwrap();
                write(&writer, topic, PARTITIONS, first..first + 15);
            }
            writer.commit_transaction(LONG).unwrap();
        }
    };
    transact(&circle.us, "orders", 0..60);
    circle.replicate().unwrap();
    transact(&circle.us, "orders", 60..75);
    circle.fail_over();
    transact(&circle.eu, "orders", 1000..1060);
    assert_eq!(circle.survey().open(), (15, 3));
    circle.fail_back(Some(&Choice::Append));
    transact(&circle.us, "orders", 2000..2030);
    circle.replicate().unwrap();
    circle.assert_holds(&[0..75, 1000..1060, 2000..2030], &[0..60, 1000..1060, 60..75, 2000..2030]);
}

#[test]
fn g11_a_topic_that_was_made_anew_is_left_out_with_the_cause() {
    let circle = Circle::new();
    failed_over(&circle);
    circle.us.recreate_topic(&TopicSpec::new("orders", PARTITIONS)).unwrap();
    let survey = circle.survey();
    assert!(survey.partitions.is_empty());
    let left: Vec<_> = survey.left_out.iter().map(|left| (left.topic.as_str(), left.code)).collect();
    assert_eq!(left, [("orders", "recreated")]);
}

#[test]
fn g11_what_the_source_lost_before_it_was_copied_is_told() {
    let circle = Circle::new();
    failed_over(&circle);
    circle.us.trim("orders", 1, 23).unwrap();
    let survey = circle.survey();
    let told: Vec<_> = survey.partitions.iter().map(|one| (one.missing, one.stranded.records)).collect();
    assert_eq!(told, [(None, 5), (Some((20, 22)), 2), (None, 5)]);
}

#[test]
fn g10_an_export_never_writes_over_a_file() {
    let circle = Circle::new();
    failed_over(&circle);
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("orders-0.jsonl");
    std::fs::write(&file, "mine").unwrap();
    let choice = Choice::Export(folder.path().to_owned());
    let refused = circle.steps(Some(&choice), STEPS).unwrap_err();
    assert!(matches!(refused, FailbackError::File { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    std::fs::remove_file(&file).unwrap();
    circle.steps(Some(&choice), 1).unwrap();
    let line = std::fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["offset"], &line["timestamp_ms"]), (&20.into(), &1_760_000_000_060_i64.into()));
    assert_eq!(line["key"]["text"], "key-60");
    assert_eq!(line["headers"][0]["name"]["text"], "number");
    assert_eq!(line["headers"][1]["value"], serde_json::Value::Null);
}

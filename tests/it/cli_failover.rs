//! `strait failover` on sandbox clusters: what it tells, what it keeps from happening, what it leaves alone.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ApiKey;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use strait::sandbox::{Action, Cluster, ClusterSpec, Fault, TopicSpec};

use crate::sandbox_kit::{LONG, client, contents, producer, read_all, start, write};

pub const PARTITIONS: i32 = 3;

/// Two clusters, a flow between them, and a folder with its configuration.
pub struct Scene {
    pub folder: tempfile::TempDir,
    pub source: Cluster,
    pub target: Cluster,
}

impl Scene {
    pub fn new() -> Self {
        let source = start(ClusterSpec::new(1).topic(TopicSpec::new("orders", PARTITIONS)));
        let target = start(ClusterSpec::new(1));
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[clusters.us]\nbootstrap_servers = [{:?}]\n[clusters.eu]\nbootstrap_servers = [{:?}]\n\
             [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\ngroups = [\"workers\"]\n\
             limits.checkpoint_interval = \"100ms\"\n",
            source.bootstrap(),
            target.bootstrap()
        );
        std::fs::write(folder.path().join("strait.toml"), text).unwrap();
        Self { folder, source, target }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        strait(self.folder.path(), arguments)
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command that prints one JSON document.
    pub fn json(&self, arguments: &[&str], code: i32) -> Value {
        let ran = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ran.code, Some(code), "{}\n{}", ran.stderr, ran.stdout);
        serde_json::from_str(ran.stdout.trim()).unwrap()
    }

    pub fn write(&self, numbers: std::ops::Range<i32>) {
        write(&producer(&self.source, &[("compression.type", "lz4")]), "orders", PARTITIONS, numbers);
    }

    pub fn replicate(&self) -> Process {
        let mut command = self.command(&["replicate", "--format", "json"]);
        let stdout = std::fs::File::create(self.folder.path().join("events")).unwrap();
        Process(command.stdout(stdout).stderr(Stdio::null()).spawn().unwrap())
    }

    pub fn events(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("events")).unwrap()
    }

    /// Waits until the state topic says something of the partitions in sum.
    pub fn until_status(&self, what: &str, field: &str, wanted: i64) {
        until(what, || {
            let status = self.json(&["status"], 0);
            let partitions = status["data"]["flows"][0]["partitions"].as_array().cloned();
            let sum: i64 = partitions.into_iter().flatten().filter_map(|p| p[field].as_i64()).sum();
            sum == wanted
        });
    }

    pub fn state_records(&self) -> usize {
        read_all(&self.target, "strait.us-eu", 1, &[]).values().map(Vec::len).sum()
    }
}

fn strait(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.args(arguments).current_dir(folder).env("HOME", folder).env("NO_COLOR", "1");
    command.env_remove("XDG_CONFIG_HOME").env_remove("STRAIT_CONFIG").stdin(Stdio::null());
    command
}

pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let Output { status, stdout, stderr } = output;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    #[track_caller]
    pub fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in\n{}", self.stderr);
        }
    }
}

/// A running `strait`; killed when dropped.
pub struct Process(Child);

impl Process {
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        #[expect(clippy::disallowed_methods, reason = "between two looks, inside a deadline")]
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn commit(cluster: &Cluster, offsets: &[(i32, i64)]) {
    let consumer: BaseConsumer = client(cluster, &[("group.id", "workers")]).create().unwrap();
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset("orders", *partition, Offset::Offset(*offset)).unwrap();
    }
    consumer.commit(&list, CommitMode::Sync).unwrap();
}

pub fn committed(cluster: &Cluster) -> Vec<Option<i64>> {
    let consumer: BaseConsumer = client(cluster, &[("group.id", "workers")]).create().unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition("orders", partition);
    }
    let found = consumer.committed_offsets(list, LONG).unwrap();
    (0..PARTITIONS)
        .map(|partition| match found.find_partition("orders", partition).unwrap().offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        })
        .collect()
}

#[test]
fn g10_a_failover_is_never_carried_out_unasked() {
    let scene = Scene::new();
    let ran = scene.run(&["failover", "--unplanned"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    ran.says(&["has to be confirmed", "--dry-run", "--yes"]);
    assert_eq!(scene.run(&["failover"]).code, Some(2));
    assert_eq!(scene.run(&["failover", "--unplanned", "--dry-run", "--yes"]).code, Some(2));
    let document = scene.json(&["failover", "--unplanned", "--yes"], 1);
    assert_eq!((&document["schema"], &document["data"]), (&"strait/failover/v1".into(), &Value::Null));
    assert_eq!(document["errors"][0]["code"], "never_ran");
}

#[test]
fn g11_an_unplanned_failover_tells_exactly_what_the_dead_source_kept() {
    let scene = Scene::new();
    scene.write(0..30);
    // None at the end of what is copied: the marker of the next start moves that on by one.
    commit(&scene.source, &[(0, 4), (1, 5), (2, 9)]);
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    assert_eq!(committed(&scene.target), [Some(4), Some(5), Some(9)]);
    // From here on nothing arrives, and the source's end is still seen.
    let refused = Action::Refuse(ResponseError::NotEnoughReplicas);
    scene.target.plan(Fault::on(ApiKey::Produce, refused).about("orders").times(u32::MAX));
    scene.write(30..41);
    let running = scene.replicate();
    scene.until_status("the end is recorded", "source_end", 41);
    drop(running);
    scene.target.clear_faults();
    let Scene { folder, source, target } = scene;
    drop(source);
    let scene = Scene { folder, source: start(ClusterSpec::new(1)), target };

    let before = scene.state_records();
    let plan = scene.json(&["failover", "--unplanned", "--dry-run"], 10);
    assert_eq!(scene.state_records(), before, "a dry run changes nothing");
    let missing = |document: &Value| -> Vec<Option<u64>> {
        let partitions = document["data"]["partitions"].as_array().unwrap();
        partitions.iter().map(|partition| partition["missing"].as_u64()).collect()
    };
    assert_eq!(missing(&plan), [Some(4), Some(4), Some(3)]);
    assert_eq!((&plan["data"]["ended"], &plan["data"]["dry_run"]), (&Value::Null, &true.into()));
    let done = scene.json(&["failover", "--unplanned", "--yes"], 10);
    assert_eq!((missing(&done), &done["data"]["missing"]["offsets"]), (missing(&plan), &11.into()));
    assert_eq!(done["data"]["source_answered"], false);
    for partition in done["data"]["partitions"].as_array().unwrap() {
        assert_eq!((&partition["source_next"], &partition["exactness"]), (&10.into(), &"exact".into()));
        // Behind it stands the marker of the fence.
        assert!(partition["target_next"].as_i64() > Some(10), "{partition}");
    }
    let standing = done["data"]["standing"].as_array().unwrap();
    assert_eq!(
        standing.iter().map(|row| row["target_offset"].as_i64().unwrap()).collect::<Vec<_>>(),
        [4, 5, 9]
    );
    // Once more: nothing is left to do, and the same is told.
    let settled = scene.state_records();
    let again = scene.json(&["failover", "--unplanned", "--yes"], 10);
    assert_eq!((missing(&again), &again["data"]["ended"]), (missing(&plan), &done["data"]["ended"]));
    assert_eq!(scene.state_records(), settled);
    let status = scene.json(&["status"], 0);
    assert_eq!(status["data"]["flows"][0]["ended"], done["data"]["ended"]);
}

#[test]
fn g10_replicate_refuses_a_flow_that_was_ended() {
    let scene = Scene::new();
    scene.write(0..9);
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    let done = scene.json(&["failover", "--unplanned", "--yes"], 0);
    assert_eq!(done["data"]["source_answered"], true);
    scene.write(9..12);
    let before = (contents(&read_all(&scene.target, "orders", PARTITIONS, &[])), scene.state_records());
    let ran = scene.run(&["replicate", "--once"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    ran.says(&[
        "flow \"us-eu\" was ended",
        "a strait failover --unplanned on",
        "strait.us-eu",
        "strait status",
    ]);
    let after = (contents(&read_all(&scene.target, "orders", PARTITIONS, &[])), scene.state_records());
    assert_eq!(before, after);
    scene.run(&["status"]).says(&["is not copied any more"]);
}

#[test]
fn g2_a_replicator_that_was_suspended_cannot_write_after_a_failover() {
    let scene = Scene::new();
    scene.write(0..9);
    let running = scene.replicate();
    scene.until_status("all is copied", "source_next", 9);
    running.signal("STOP");
    scene.write(9..21);
    commit(&scene.source, &[(0, 6), (1, 6), (2, 6)]);
    let done = scene.json(&["failover", "--unplanned", "--yes"], 10);
    assert_eq!(done["data"]["missing"]["offsets"], 12, "the source was asked");
    let ended = contents(&read_all(&scene.target, "orders", PARTITIONS, &[]));
    let groups = committed(&scene.target);
    running.signal("CONT");
    until("it finds out", || scene.events().matches("\"partition_stopped\"").count() >= 3);
    assert_eq!(contents(&read_all(&scene.target, "orders", PARTITIONS, &[])), ended);
    assert_eq!(committed(&scene.target), groups);
    assert_eq!(ended.values().map(Vec::len).sum::<usize>(), 9);
}

/// Writes numbered records in turn to all partitions until `is_over`; returns how many.
fn write_until(scene: &Scene, from: i32, is_over: impl Fn() -> bool) -> i32 {
    let writer = producer(&scene.source, &[("compression.type", "lz4")]);
    let (mut next, deadline) = (from, Instant::now() + LONG);
    while !is_over() && Instant::now() < deadline {
        write(&writer, "orders", PARTITIONS, next..next + 7);
        next += 7;
        #[expect(clippy::disallowed_methods, reason = "between two looks, inside a deadline")]
        std::thread::sleep(Duration::from_millis(10));
    }
    next
}

/// Reads what a group gets next in each partition.
fn next_of_group(cluster: &Cluster, offsets: &[Option<i64>]) -> Vec<Option<Vec<u8>>> {
    let all = read_all(cluster, "orders", PARTITIONS, &[]);
    let first = |(partition, offset): (i32, &Option<i64>)| {
        let next = all[&partition].iter().find(|record| record.offset >= offset.unwrap());
        next.and_then(|record| record.headers[0].1.clone())
    };
    (0..).zip(offsets).map(first).collect()
}

#[test]
fn g1_g6_a_planned_failover_under_traffic_loses_nothing_and_groups_go_on_at_the_next_record() {
    let scene = Scene::new();
    scene.write(0..30);
    let running = scene.replicate();
    scene.until_status("it copies", "source_next", 30);
    let stopped = scene.folder.path().join("stopped");
    let planned = ["failover", "--planned", "--yes", "--quiet-for", "300ms", "--fence-cmd", "touch stopped"];
    let (written, done) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write_until(&scene, 30, || stopped.exists()));
        until("traffic", || read_all(&scene.source, "orders", PARTITIONS, &[])[&0].len() > 20);
        commit(&scene.source, &[(0, 11), (1, 12), (2, 13)]);
        let done = scene.json(&planned, 0);
        (writing.join().unwrap(), done)
    });
    assert_eq!((&done["data"]["how"], &done["data"]["missing"]["offsets"]), (&"planned".into(), &0.into()));
    let at_source = contents(&read_all(&scene.source, "orders", PARTITIONS, &[]));
    assert_eq!(at_source.values().map(Vec::len).sum::<usize>(), usize::try_from(written).unwrap());
    assert_eq!(at_source, contents(&read_all(&scene.target, "orders", PARTITIONS, &[])));
    let wanted = next_of_group(&scene.source, &[Some(11), Some(12), Some(13)]);
    assert!(wanted.iter().all(Option::is_some));
    assert_eq!(next_of_group(&scene.target, &committed(&scene.target)), wanted);
    drop(running);
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(1));
    let again = scene.json(&planned, 0);
    assert_eq!(again["data"]["ended"], done["data"]["ended"]);
}

#[test]
fn g10_a_planned_failover_does_not_end_a_flow_that_is_still_written_to() {
    let scene = Scene::new();
    scene.write(0..9);
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    let over = std::sync::atomic::AtomicBool::new(false);
    let refused = std::thread::scope(|scope| {
        scope.spawn(|| write_until(&scene, 9, || over.load(std::sync::atomic::Ordering::Relaxed)));
        let arguments = ["failover", "--planned", "--yes", "--quiet-for", "1s", "--drain-timeout", "2s"];
        let refused = scene.json(&arguments, 1);
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        refused
    });
    let error = &refused["errors"][0];
    assert_eq!(error["code"], "not_quiet");
    assert!(error["message"].as_str().unwrap().contains("orders[0], orders[1], orders[2]"), "{error}");
    let failed = scene.run(&["failover", "--planned", "--yes", "--fence-cmd", "exit 3"]);
    assert_eq!(failed.code, Some(1));
    failed.says(&["the writers were not stopped", "exit status: 3"]);
    // Nothing of the flow was ended.
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    assert_eq!(
        contents(&read_all(&scene.source, "orders", PARTITIONS, &[])),
        contents(&read_all(&scene.target, "orders", PARTITIONS, &[]))
    );
}

#[test]
fn g5_g11_a_transaction_that_is_open_is_waited_for_and_named_and_never_counted_as_missing() {
    let scene = Scene::new();
    scene.write(0..9);
    let writer = producer(&scene.source, &[("transactional.id", "app")]);
    writer.init_transactions(LONG).unwrap();
    let open = || {
        writer.begin_transaction().unwrap();
        write(&writer, "orders", PARTITIONS, 9..10);
        writer.flush(LONG).unwrap();
    };
    open();
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    let planned = ["failover", "--planned", "--yes", "--quiet-for", "200ms", "--drain-timeout"];
    let refused = scene.json(&[&planned[..], &["1s"]].concat(), 1);
    let told = refused["errors"][0]["message"].as_str().unwrap();
    assert!(told.contains("a transaction is open in orders[0]"), "{told}");
    // Taken as it is nothing committed is missing.
    let plan = scene.json(&["failover", "--unplanned", "--dry-run"], 0);
    assert_eq!(
        (&plan["data"]["source_answered"], &plan["data"]["missing"]["offsets"]),
        (&true.into(), &0.into())
    );
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Only when the copy waits for it.
            until("the failover has taken over", || scene.state_records() > 0);
            writer.commit_transaction(LONG).unwrap();
        });
        scene.json(&[&planned[..], &["40s"]].concat(), 0)
    });
    assert_eq!(done["data"]["missing"]["offsets"], 0);
    assert_eq!(
        contents(&read_all(&scene.source, "orders", PARTITIONS, &[])),
        contents(&read_all(&scene.target, "orders", PARTITIONS, &[]))
    );
}

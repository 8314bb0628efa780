//! The Java client's own tools, and kcat where it is installed, against `strait sandbox`.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

use crate::harness::maven::{Version, distribution};
use crate::harness::node::java;
use crate::harness::strait::{Running, start};
use crate::harness::{Lab, live, reaper, wait};

const TOOLS: &str = "org.apache.kafka.tools";

/// A running `strait sandbox` and a place for the tools' input and output.
struct Sandbox<'a> {
    lab: &'a Lab,
    servers: String,
    _process: Running,
}

impl<'a> Sandbox<'a> {
    fn start(lab: &'a Lab, topics: &[&str]) -> Self {
        let mut arguments = vec!["sandbox", "--clusters", "us", "--format", "json"];
        topics.iter().for_each(|topic| arguments.extend(["--topic", topic]));
        let mut process = start(Path::new("not-read.toml"), &arguments);
        let line = process.until("the addresses", wait::LONG, |run| {
            let printed = run.stdout();
            printed.lines().next().map(str::to_owned)
        });
        let started: serde_json::Value = serde_json::from_str(&line).unwrap();
        let servers = started["clusters"][0]["bootstrap_servers"].as_array().unwrap();
        let servers: Vec<&str> = servers.iter().map(|server| server.as_str().unwrap()).collect();
        Self { lab, servers: servers.join(","), _process: process }
    }

    /// Runs a tool with `--bootstrap-server`; returns what it printed.
    fn tool(&self, class: &str, arguments: &[&str]) -> String {
        let class = if class.starts_with("kafka.") { class.to_owned() } else { format!("{TOOLS}.{class}") };
        self.java(&class, &[&["--bootstrap-server", &self.servers], arguments].concat(), "")
    }

    fn java(&self, class: &str, arguments: &[&str], input: &str) -> String {
        let mut tool = java(&distribution(Version::V4_3).unwrap(), 128);
        tool.arg(class).args(arguments);
        self.finish(class, tool, input)
    }

    fn finish(&self, name: &str, mut tool: Command, input: &str) -> String {
        let folder = self.lab.work_dir();
        let path = |what: &str| folder.join(format!("{name}.{what}"));
        std::fs::write(path("in"), input).unwrap();
        let mut child = tool
            .stdin(File::open(path("in")).unwrap())
            .stdout(File::create(path("out")).unwrap())
            .stderr(File::create(path("err")).unwrap())
            .spawn()
            .unwrap();
        reaper::watch(child.id());
        let status = wait::until(name, wait::LONG, || child.try_wait().unwrap());
        reaper::forget(child.id());
        let printed = |what: &str| std::fs::read_to_string(path(what)).unwrap();
        assert!(status.success(), "{name}: {status}\n{}\n{}", printed("out"), printed("err"));
        printed("out")
    }
}

/// Asserts that a tool printed each of the words.
#[track_caller]
fn says(printed: &str, words: &[&str]) {
    for word in words {
        assert!(printed.contains(word), "{word:?} is not in\n{printed}");
    }
}

#[test]
fn topics_are_created_described_changed_and_deleted() {
    live(|lab| {
        let sandbox = Sandbox::start(lab, &["orders:4"]);
        let topics = |arguments: &[&str]| sandbox.tool("TopicCommand", arguments);
        let shape = ["--partitions", "3", "--replication-factor", "2", "--config", "retention.ms=5000"];
        says(&topics(&[&["--create", "--topic", "made"], &shape[..]].concat()), &["Created topic made"]);
        says(&topics(&["--list"]), &["made", "orders"]);
        let described = topics(&["--describe", "--topic", "made"]);
        says(&described, &["PartitionCount: 3", "ReplicationFactor: 2", "retention.ms=5000", "Isr: 2,3"]);
        topics(&["--alter", "--topic", "made", "--partitions", "5"]);
        says(&topics(&["--describe", "--topic", "made"]), &["PartitionCount: 5"]);

        let configs = |entity: [&str; 4], arguments: &[&str]| {
            sandbox.tool("kafka.admin.ConfigCommand", &[&entity[..], arguments].concat())
        };
        let made = ["--entity-type", "topics", "--entity-name", "made"];
        configs(made, &["--alter", "--add-config", "max.message.bytes=5000"]);
        configs(made, &["--alter", "--delete-config", "retention.ms"]);
        let described = configs(made, &["--describe"]);
        says(&described, &["max.message.bytes=5000", "DYNAMIC_TOPIC_CONFIG", "message.max.bytes=1048588"]);
        assert!(!described.contains("retention.ms"), "{described}");
        let broker = ["--entity-type", "brokers", "--entity-name", "1"];
        says(&configs(broker, &["--describe", "--all"]), &["auto.create.topics.enable=false", "node.id=1"]);

        topics(&["--delete", "--topic", "made"]);
        let left = topics(&["--list"]);
        assert_eq!(left.trim(), "orders");
        says(&sandbox.tool("BrokerApiVersionsCommand", &[]), &["Produce(0): 0 to 13", "Fetch(1): 4 to 18"]);
    });
}

#[test]
fn what_the_console_producer_writes_a_group_of_console_consumers_reads() {
    live(|lab| {
        let sandbox = Sandbox::start(lab, &["orders:4"]);
        let input: String = (0..200).map(|number| format!("key-{number}:value {number}\n")).collect();
        let keys = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
        let to = ["--bootstrap-server", &sandbox.servers, "--topic", "orders"];
        let codec = ["--compression-codec", "zstd"];
        sandbox.java(&format!("{TOOLS}.ConsoleProducer"), &[&to[..], &keys[..], &codec[..]].concat(), &input);
        let print = ["--formatter-property", "print.key=true", "--formatter-property", "key.separator=:"];
        let bounds = ["--from-beginning", "--max-messages", "200", "--group", "shop"];
        let read = sandbox
            .tool("consumer.ConsoleConsumer", &[&["--topic", "orders"], &print[..], &bounds[..]].concat());
        let mut lines: Vec<&str> = read.lines().collect();
        let mut wanted: Vec<&str> = input.lines().collect();
        lines.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(lines, wanted);

        let groups = |arguments: &[&str]| sandbox.tool("consumer.group.ConsumerGroupCommand", arguments);
        says(&groups(&["--list"]), &["shop"]);
        let described = groups(&["--describe", "--group", "shop"]);
        let lag: Vec<&str> = described
            .lines()
            .filter(|line| line.starts_with("shop"))
            .map(|line| line.split_whitespace().nth(5).unwrap())
            .collect();
        assert_eq!(lag, ["0"; 4], "{described}");
        let reset = ["--group", "shop", "--topic", "orders", "--reset-offsets", "--to-earliest", "--execute"];
        groups(&reset);
        let ends = sandbox.tool("GetOffsetShell", &["--topic", "orders"]);
        let total: i64 =
            ends.lines().map(|line| line.rsplit(':').next().unwrap().parse::<i64>().unwrap()).sum();
        assert_eq!(total, 200, "{ends}");
        says(&groups(&["--delete", "--group", "shop"]), &["shop", "successful"]);
    });
}

#[test]
fn the_performance_tools_run_also_in_transactions() {
    live(|lab| {
        let sandbox = Sandbox::start(lab, &["orders:4"]);
        let load =
            ["--topic", "orders", "--num-records", "5000", "--record-size", "200", "--throughput", "-1"];
        let producer = |more: &[&str]| {
            let codec = ["--command-property", "compression.type=lz4"];
            sandbox.tool("ProducerPerformance", &[&load[..], &codec[..], more].concat())
        };
        says(&producer(&[]), &["5000 records sent"]);
        let transactions = ["--transactional-id", "perf", "--transaction-duration-ms", "50"];
        says(&producer(&transactions), &["5000 records sent"]);
        let read = sandbox.tool("ConsumerPerformance", &["--topic", "orders", "--num-records", "10000"]);
        let read: f64 = read.lines().last().unwrap().split(',').nth(4).unwrap().trim().parse().unwrap();
        assert!(read >= 10_000.0, "{read}");
        let tool = |arguments: &[&str]| sandbox.tool("TransactionsCommand", arguments);
        says(&tool(&["describe", "--transactional-id", "perf"]), &["CompleteCommit"]);
        says(&tool(&["describe-producers", "--topic", "orders", "--partition", "0"]), &["None"]);
    });
}

#[test]
fn a_transaction_that_hangs_is_aborted_by_the_tool() {
    live(|lab| {
        let sandbox = Sandbox::start(lab, &["orders:1"]);
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &sandbox.servers).set("transactional.id", "hanging");
        let writer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
        writer.init_transactions(wait::LONG).unwrap();
        writer.begin_transaction().unwrap();
        writer
            .send(BaseRecord::<str, str>::to("orders").payload("never"))
            .map_err(|(error, _)| error)
            .unwrap();
        writer.flush(wait::LONG).unwrap();
        let end = |isolation: &[&str]| {
            let printed = sandbox.tool("GetOffsetShell", &[&["--topic", "orders"], isolation].concat());
            printed.trim().to_owned()
        };
        assert_eq!(end(&[]), "orders:0:1");
        let place = ["--topic", "orders", "--partition", "0"];
        says(&sandbox.tool("TransactionsCommand", &[&["describe-producers"], &place[..]].concat()), &["0"]);
        sandbox.tool("TransactionsCommand", &[&["abort"], &place[..], &["--start-offset", "0"]].concat());
        assert_eq!(end(&[]), "orders:0:2", "the marker takes an offset");
        let bounds = ["--from-beginning", "--timeout-ms", "3000", "--isolation-level", "read_committed"];
        let read = sandbox.tool("consumer.ConsoleConsumer", &[&["--topic", "orders"], &bounds[..]].concat());
        assert_eq!(read, "");
    });
}

#[test]
fn kcat_lists_writes_and_reads() {
    let installed = Command::new("kcat").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        let required = std::env::var("STRAIT_REQUIRE_LIVE").is_ok_and(|value| value == "1");
        assert!(!required, "STRAIT_REQUIRE_LIVE=1, and kcat is not installed");
        use std::io::Write;
        // Only the printing macros are captured, so this reaches the terminal from a passing test.
        let _ = writeln!(std::io::stderr(), "\nkcat is not installed: its test did NOT run");
        return;
    }
    live(|lab| {
        let sandbox = Sandbox::start(lab, &["orders:1"]);
        let kcat = |arguments: &[&str], input: &str| {
            let mut tool = Command::new("kcat");
            tool.args(["-b", &sandbox.servers]).args(arguments);
            sandbox.finish("kcat", tool, input)
        };
        says(&kcat(&["-L"], ""), &["3 brokers", "topic \"orders\" with 1 partitions"]);
        kcat(&["-P", "-t", "orders"], "one\ntwo\n");
        assert_eq!(kcat(&["-C", "-t", "orders", "-e", "-q"], ""), "one\ntwo\n");
    });
}

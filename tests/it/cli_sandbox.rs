//! `strait sandbox`: what it refuses, what it prints, what it writes, and how it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::Value;

fn strait(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("sandbox").args(arguments).current_dir(folder).env("HOME", folder);
    command.env_remove("STRAIT_CONFIG").env_remove("XDG_CONFIG_HOME").env("NO_COLOR", "1");
    command
}

/// A running command; dropping it ends the process.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = strait(folder, arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lists a cluster's topics with their partitions.
fn topics(servers: &str) -> Vec<(String, usize)> {
    let client: BaseConsumer = ClientConfig::new().set("bootstrap.servers", servers).create().unwrap();
    let metadata = client.fetch_metadata(None, Duration::from_secs(30)).unwrap();
    let mut topics: Vec<(String, usize)> =
        metadata.topics().iter().map(|topic| (topic.name().to_owned(), topic.partitions().len())).collect();
    topics.sort();
    topics
}

#[test]
fn the_table_has_a_row_for_each_cluster_and_its_topics_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let topics_wished = ["--topic", "orders:12", "--topic", "eu/audit"];
    let mut run = Running::start(
        folder.path(),
        &[&["--clusters", "us,eu", "--brokers", "2"], &topics_wished[..]].concat(),
    );
    assert_eq!(
        run.line().split_whitespace().collect::<Vec<_>>(),
        ["CLUSTER", "CLUSTER-ID", "BOOTSTRAP-SERVERS"]
    );
    for (name, wanted) in [("us", ("orders".to_owned(), 12)), ("eu", ("audit".to_owned(), 1))] {
        let line = run.line();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words[0], words[1].len(), words[2].split(',').count()), (name, 22, 2), "{line}");
        assert_eq!(topics(words[2]), [wanted]);
    }
    run.signal("TERM");
    assert_eq!(run.child.wait().unwrap().code(), Some(143));
}

#[test]
fn json_lines_say_where_the_clusters_are_and_how_the_run_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut run =
        Running::start(folder.path(), &["--clusters", "only", "--brokers", "1", "--format", "json"]);
    let started: Value = serde_json::from_str(&run.line()).unwrap();
    assert_eq!((&started["schema"], &started["event"]), (&"strait/sandbox/v1".into(), &"started".into()));
    let cluster = &started["clusters"][0];
    assert_eq!(cluster["name"], "only");
    assert_eq!(cluster["cluster_id"].as_str().unwrap().len(), 22);
    assert_eq!(topics(cluster["bootstrap_servers"][0].as_str().unwrap()), []);
    run.signal("INT");
    let ended: Value = serde_json::from_str(&run.line()).unwrap();
    assert_eq!((&ended["event"], &ended["status"]), (&"ended".into(), &"interrupted".into()));
    assert_eq!((&ended["exit_code"], &ended["errors"]), (&130.into(), &Value::Array(vec![])));
    assert_eq!(run.child.wait().unwrap().code(), Some(130));
}

#[test]
fn the_saved_configuration_replicates_and_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--topic", "orders:2", "--save", "strait.toml", "--format", "json"];
    let mut run = Running::start(folder.path(), &arguments);
    run.line();
    let replicate = Command::new(env!("CARGO_BIN_EXE_strait"))
        .args(["replicate", "--once", "--config", "strait.toml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(replicate.status.success(), "{}", String::from_utf8_lossy(&replicate.stderr));
    let again = strait(folder.path(), &arguments).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("cannot write strait.toml") && said.contains("try:"), "{said}");
    let ended: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&ended["event"], &ended["errors"][0]["code"]), (&"ended".into(), &"save".into()));
}

#[test]
fn what_cannot_be_exits_2_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, why) in [
        (&["--brokers", "0"][..], "1 to 64 brokers"),
        (&["--clusters", "us,us"], "named twice"),
        (&["--clusters", "u/s"], "letters, digits"),
        (&["--topic", "a b"], "cannot be a topic's name"),
        (&["--topic", "orders:none"], "1 to 10000 partitions"),
        (&["--topic", "mars/orders"], "there is no cluster \"mars\""),
        (&["--broker-config", "nonsense=1"], "know no setting \"nonsense\""),
        (&["--broker-config", "num.partitions=x"], "num.partitions cannot be \"x\""),
    ] {
        let output = strait(folder.path(), arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

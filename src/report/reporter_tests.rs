#![allow(clippy::unwrap_used)]

use std::io::{self, Write};

use super::*;
use crate::engine::event::Notice;
use crate::report::output::OutputSettings;
use crate::report::schema::LINES;
use crate::report::style::ColorWish;
use crate::types::SourceOffset;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn output(format: Format, quiet: bool, stdout: Box<dyn Write + Send>, stderr: Page) -> Output {
    Output::to_streams(OutputSettings { format, quiet, color: ColorWish::Never }, stdout, Box::new(stderr))
}

fn gap() -> Event {
    Event::Stopped {
        partition: TopicPartition::new("orders", 7),
        cause: StopCause::Gap { from: SourceOffset(3), to: SourceOffset(9) },
    }
}

fn position(partition: i32) -> FinalPosition {
    FinalPosition {
        flow: "us-eu".into(),
        topic: "orders".into(),
        partition,
        source_next: Some(12),
        target_next: None,
        records: 10,
        bytes: 1_000,
        passed_through: 2,
        reencoded: 0,
        state: "stopped".into(),
    }
}

fn progress(flow: &str) -> FlowProgress {
    FlowProgress { flow: flow.into(), started: true, partitions: 8, ..FlowProgress::default() }
}

#[test]
fn json_events_are_one_object_a_line_and_the_last_has_status_and_errors() {
    let (stdout, stderr) = (Page::default(), Page::default());
    let reporter = Reporter::new(output(Format::Json, false, Box::new(stdout.clone()), stderr.clone()));
    reporter.events("us-eu", &[Event::Started { topics: 1, partitions: 8 }]);
    reporter.events("us-eu", &[gap()]);
    reporter.progress(&[progress("us-eu")]);
    reporter.stopping();
    let cause = StopCause::Gap { from: SourceOffset(3), to: SourceOffset(9) };
    let problem = stop_problem("us-eu", &[&TopicPartition::new("orders", 7)], &cause);
    reporter.ended(Exit::Bad, &[position(7)], &["in words".into()], &[problem]);
    let lines: Vec<Value> = stdout.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["started", "partition_stopped", "progress", "stopping", "finished", "ended"]);
    assert!(lines.iter().all(|line| line["schema"] == SCHEMA), "{lines:?}");
    assert_eq!(lines[1]["code"], "gap");
    assert_eq!((&lines[1]["topic"], &lines[1]["partition"]), (&json!("orders"), &json!(7)));
    assert!(lines[2]["seconds_behind"].is_null(), "{}", lines[2]);
    assert_eq!((&lines[4]["flow"], &lines[4]["source_next"]), (&json!("us-eu"), &json!(12)));
    assert!(lines[4]["target_next"].is_null(), "{}", lines[4]);
    assert_eq!((&lines[5]["status"], &lines[5]["exit_code"]), (&json!("bad"), &json!(10)));
    assert_eq!(lines[5]["data"], json!({ "partitions": 1, "records": 10, "bytes": 1_000 }));
    assert_eq!(lines[5]["errors"][0]["scope"], "flow:us-eu/orders[7]");
    assert_eq!(stderr.text(), "");
}

#[test]
fn g11_a_run_that_could_not_begin_says_so_in_json_and_in_words() {
    let (stdout, stderr) = (Page::default(), Page::default());
    let reporter = Reporter::new(output(Format::Json, false, Box::new(stdout.clone()), stderr.clone()));
    let problem =
        Problem::new("unknown_flow", Scope::Command, "no flow is called \"x\"").hint("leave it out");
    reporter.refused(Exit::Usage, &[problem]);
    let line: Value = serde_json::from_str(&stdout.text()).unwrap();
    assert_eq!(
        (&line["event"], &line["status"], &line["exit_code"]),
        (&json!("ended"), &json!("error"), &json!(2))
    );
    assert!(line["data"].is_null(), "{line}");
    assert_eq!(line["errors"][0]["code"], "unknown_flow");
    assert_eq!(stderr.text(), "error: no flow is called \"x\"\n  try:   leave it out\n");
}

#[test]
fn g11_quiet_keeps_what_went_wrong_and_drops_the_rest() {
    let (stdout, stderr) = (Page::default(), Page::default());
    let reporter = Reporter::new(output(Format::Text, true, Box::new(stdout.clone()), stderr.clone()));
    reporter.events("us-eu", &[Event::Started { topics: 1, partitions: 8 }]);
    reporter.progress(&[progress("us-eu")]);
    reporter.output().warn("about the configuration");
    reporter.events("us-eu", &[gap()]);
    let failing = Event::Failing { partition: TopicPartition::new("orders", 1), cause: "no leader".into() };
    reporter.events("us-eu", &[failing]);
    reporter.ended(Exit::Bad, &[position(7)], &["us-eu: copied".into()], &[]);
    assert_eq!(
        stderr.text(),
        "error: orders[7] stopped\n  \
         where: flow us-eu\n  \
         cause: offsets 3 to 9 are gone from the source: retention removed them before they were copied\n  \
         try:   raise the source's retention, or set policy.on_gap = \"skip\" to go on without these records\n\
         warning: us-eu: orders[1] is failing: no leader\n"
    );
    assert_eq!(stdout.text(), "");
}

#[test]
fn a_broker_that_takes_many_partitions_along_is_told_once() {
    let stderr = Page::default();
    let reporter = Reporter::new(output(Format::Text, false, Box::new(io::sink()), stderr.clone()));
    let failing = |partition: i32, cause: &str| Event::Failing {
        partition: TopicPartition::new("orders", partition),
        cause: cause.to_owned(),
    };
    let mut events: Vec<Event> = (0..300).map(|partition| failing(partition, "refused")).collect();
    events.push(failing(300, "no leader"));
    reporter.events("us-eu", &events);
    let recovered = |partition| Event::Recovered { partition: TopicPartition::new("orders", partition) };
    reporter.events("us-eu", &[recovered(0), recovered(1)]);
    reporter.events("us-eu", &[recovered(2)]);
    let stopped = |partition| Event::Stopped {
        partition: TopicPartition::new("orders", partition),
        cause: StopCause::SourceDeleted,
    };
    reporter.events("us-eu", &[stopped(0), stopped(1)]);
    assert_eq!(
        stderr.text(),
        "warning: us-eu: orders[300] is failing: no leader\n\
         warning: us-eu: 300 partitions (orders[0], orders[1], orders[2], ...) are failing: refused\n\
         us-eu: 2 partitions (orders[0], orders[1]) go on\n\
         us-eu: orders[2] goes on\n\
         error: 2 partitions (orders[0], orders[1]) stopped\n  \
         where: flow us-eu\n  \
         cause: the source topic no longer exists\n  \
         try:   if that was meant, exclude the topic from the flow\n"
    );
}

#[test]
fn elsewhere_progress_is_one_line_per_flow_without_escapes() {
    let stderr = Page::default();
    let reporter = Reporter::new(output(Format::Text, false, Box::new(io::sink()), stderr.clone()));
    reporter.progress(&["a", "b"].map(progress));
    let words = stderr.text();
    assert_eq!(words.lines().map(|line| &line[..1]).collect::<Vec<_>>(), ["a", "b"]);
    assert!(!words.contains(['\x1b', '\r']), "{words}");
}

#[test]
fn a_reader_that_went_away_closes_quietly_and_a_full_disk_is_a_failure() {
    for (kind, fails) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
        let stderr = Page::default();
        let output = output(Format::Json, false, Box::new(Broken(kind)), stderr.clone());
        output.data("x");
        assert!(output.is_closed(), "{kind:?}");
        assert_eq!(output.failure().is_some(), fails, "{kind:?}");
        assert_eq!(stderr.text(), "", "{kind:?}");
    }
}

/// Runs every way of printing a line once.
fn one_of_each() -> Vec<Value> {
    let stdout = Page::default();
    let reporter = Reporter::new(output(Format::Json, false, Box::new(stdout.clone()), Page::default()));
    let partition = || TopicPartition::new("orders", 7);
    reporter.waiting("us-eu", "refused");
    let events = [
        Event::TopicCreated { topic: "orders".into(), partitions: 3, replication_factor: -1 },
        Event::PartitionsGrown { topic: "orders".into(), from: 1, to: 3 },
        Event::Started { topics: 1, partitions: 3 },
        Event::Shared { partitions: 2, of: 3 },
        Event::Failing { partition: partition(), cause: "refused".into() },
        Event::Recovered { partition: partition() },
        gap(),
        Event::Skipped { partition: partition(), cause: StopCause::SourceDeleted },
        Event::GroupsFollow { groups: vec!["billing".to_owned()] },
        Event::GroupsHeld { groups: vec!["billing".to_owned()], code: "active", cause: "members".to_owned() },
        Event::Notice(Notice::Restamped { topic: "orders".into() }),
    ];
    reporter.events("us-eu", &events);
    reporter.progress(&[progress("us-eu")]);
    reporter.stopping();
    reporter.ended(Exit::Done, &[position(7)], &[], &[]);
    stdout.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_has_the_fields_that_are_documented_and_no_others() {
    let lines = one_of_each();
    assert_eq!(lines.len(), LINES.len(), "one of each kind");
    for line in lines {
        let event = line["event"].as_str().unwrap();
        let doc = LINES.iter().find(|doc| doc.event == event).unwrap_or_else(|| panic!("{event}"));
        let mut wanted = vec!["schema", "event"];
        wanted.extend(doc.has_flow.then_some("flow"));
        wanted.extend(doc.fields.iter().map(|(name, _)| *name));
        wanted.sort_unstable();
        let mut found: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, wanted, "{event}");
    }
}

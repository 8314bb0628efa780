//! `--latency`: milliseconds from send to seen at the target, with records arriving at a steady rate.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::bed::{Bed, Way, quiet_disk};
use crate::fill::PARTITIONS;
use crate::harness::admin;
use crate::harness::cluster::Cluster;
use crate::measure::Measured;
use crate::options::{Tool, Workload};
use crate::records::Generator;
use crate::say;
use crate::sink::Sink;
use crate::table::markdown;
use crate::tools::Job;

const RECORDS_PER_SECOND: u32 = 5_000;
const TOPIC: &str = "bench-latency";
/// From the first record seen until counting begins: virtual machines compile meanwhile.
const WARM_UP: Duration = Duration::from_secs(15);
const START_LIMIT: Duration = Duration::from_secs(120);

/// Measures the source alone, then each tool, for `counted` each.
pub fn compare(bed: &Bed, tools: &[Tool], counted: Duration, memory: &str) {
    let mut table =
        markdown(&["5,000 records/s of 450 B", "p50 ms", "p99 ms", "max ms", "records", "CPU s/s"]);
    let alone = [None].into_iter();
    for tool in alone.chain(tools.iter().copied().map(Some)) {
        bed.clean(&[]);
        quiet_disk();
        admin::create_topic(&bed.source, TOPIC, PARTITIONS, &[]);
        let measured = measure(bed, tool, counted, memory);
        let mut row = vec![tool.map_or("source alone", Tool::title).to_owned()];
        row.extend(measured.row());
        say(&format!("  {}", row.join(" · ")));
        table.add_row(row);
    }
    bed.clean(&[]);
    say(&format!("\n{table}\n"));
}

/// Holds the latencies of what was sent while counting, sorted, in microseconds.
struct Latencies {
    micros: Vec<u64>,
    cpu_share: Option<f64>,
}

impl Latencies {
    fn quantile(&self, share: f64) -> String {
        let last = self.micros.len() - 1;
        let index = (last as f64 * share).round() as usize;
        format!("{:.1}", self.micros[index] as f64 / 1e3)
    }

    fn row(&self) -> [String; 5] {
        [
            self.quantile(0.5),
            self.quantile(0.99),
            self.quantile(1.0),
            self.micros.len().to_string(),
            self.cpu_share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}")),
        ]
    }
}

fn measure(bed: &Bed, tool: Option<Tool>, counted: Duration, memory: &str) -> Latencies {
    let job = Job { topic: TOPIC, codec: "none", way: Way::Near, follow: true, memory };
    let mut process = tool.map(|tool| tool.start(bed, job));
    let (cluster, topic) = match tool {
        None => (&bed.source, TOPIC.to_owned()),
        Some(tool) => (&bed.target, tool.target_topic(TOPIC)),
    };
    let base = Instant::now();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| send(&bed.source, base, &stop));
        let stop_at_end = StopAtEnd(&stop);
        let reader = reader(cluster, &topic, process.as_mut());
        let latencies = receive(&reader, base, counted, process.as_mut());
        drop(stop_at_end);
        latencies
    })
}

/// Ends the sender, also where the receiver panics.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends at the rate, each record's key telling when.
#[allow(clippy::disallowed_methods, reason = "a steady rate is what is measured")]
fn send(source: &Cluster, base: Instant, stop: &AtomicBool) {
    let mut config = source.client_config();
    config.set("linger.ms", "0").set("compression.type", "none").set("socket.nagle.disable", "true");
    let sink = Sink::open(config);
    let mut generator = Generator::new(Workload::None, 1, 0);
    let gap = Duration::from_secs(1) / RECORDS_PER_SECOND;
    let mut due = Instant::now();
    for number in 0_i32.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        generator.advance();
        let now = Instant::now();
        if due > now {
            std::thread::sleep(due - now);
        }
        due += gap;
        let micros = u64::try_from(base.elapsed().as_micros()).expect("a run of minutes").to_be_bytes();
        let record = BaseRecord::to(TOPIC).partition(number % PARTITIONS).key(&micros[..]);
        sink.send(record.payload(generator.value.as_str()));
    }
    sink.flush();
}

/// Opens a reader of everything in the topic, once it is there.
fn reader(cluster: &Cluster, topic: &str, process: Option<&mut Measured>) -> BaseConsumer {
    let mut config = cluster.client_config();
    config
        .set("group.id", "bench-latency")
        .set("enable.auto.commit", "false")
        .set("socket.nagle.disable", "true");
    let reader: BaseConsumer = config.create().unwrap();
    if let Some(process) = process {
        process.until("the topic at the target", START_LIMIT, || {
            admin::topic_exists(cluster, topic).then_some(())
        });
    }
    admin::wait_for_partitions(cluster, topic, PARTITIONS);
    let mut assignment = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    reader.assign(&assignment).unwrap();
    reader
}

fn receive(
    reader: &BaseConsumer,
    base: Instant,
    counted: Duration,
    mut process: Option<&mut Measured>,
) -> Latencies {
    let mut micros = Vec::new();
    // From when to when a record must have been sent to be counted.
    let mut window: Option<(Duration, Duration)> = None;
    let mut cpu_before = None;
    let give_up = Instant::now() + START_LIMIT + counted;
    loop {
        assert!(Instant::now() < give_up, "records stopped coming");
        let Some(message) = reader.poll(Duration::from_millis(100)) else {
            if let Some(process) = process.as_deref_mut() {
                assert!(process.runs(), "ended early\n{}", process.last_words());
            }
            continue;
        };
        let message = message.unwrap();
        let seen = base.elapsed();
        let sent = Duration::from_micros(u64::from_be_bytes(message.key().unwrap().try_into().unwrap()));
        let (from, to) = *window.get_or_insert((seen + WARM_UP, seen + WARM_UP + counted));
        if seen >= from && cpu_before.is_none() {
            cpu_before = process.as_deref().map(|process| (seen, process.cpu()));
        }
        if sent >= to {
            let cpu_share = cpu_before.zip(process.as_deref()).map(|((since, before), process)| {
                (process.cpu() - before).as_secs_f64() / (seen - since).as_secs_f64()
            });
            micros.sort_unstable();
            return Latencies { micros, cpu_share };
        }
        if sent >= from {
            micros.push(u64::try_from((seen - sent).as_micros()).expect("less than the run"));
        }
    }
}

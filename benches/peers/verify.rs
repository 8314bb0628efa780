//! `strait verify` beside the copy it verifies: what each took.

use std::process::Command;
use std::time::Duration;

use crate::bed::{Bed, Way, log_dir, quiet_disk, work_dir};
use crate::copy::copy;
use crate::fill::Filled;
use crate::harness::wait;
use crate::measure::Measured;
use crate::options::{Options, Tool};
use crate::say;
use crate::table::{markdown, median, seconds};
use crate::tools::Job;

const LIMIT: Duration = Duration::from_secs(1800);

/// What one run of a process took.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    cpu: Duration,
    peak_bytes: u64,
}

/// Copies a topic and verifies it, as often as asked for, and prints the medians of both.
pub fn compare(bed: &Bed, options: &Options, filled: &Filled, keep: &[&str]) {
    let job = Job::once(filled, Way::Near, &options.memory);
    let mut all = [("replicate --once", Vec::new()), ("verify --complete", Vec::new())];
    for number in 1..=options.runs {
        let copied = copy(bed, Tool::Strait, filled, job, keep);
        let copied = Took { wall: copied.wall, cpu: copied.cpu, peak_bytes: copied.peak_bytes };
        quiet_disk();
        for ((what, took), one) in all.iter_mut().zip([copied, verify()]) {
            let (wall, cpu) = (one.wall.as_secs_f64(), one.cpu.as_secs_f64());
            say(&format!("  {} {what} {number}: wall {wall:.2} s, CPU {cpu:.2} s", job.topic));
            took.push(one);
        }
    }
    bed.clean(keep);
    let mut table = markdown(&[job.topic, "wall s", "MB/s", "CPU s", "CPU s/GB", "peak MB"]);
    for (what, took) in all {
        let of = |field: fn(&Took) -> Duration| seconds(median(took.iter().map(field).collect()));
        let (wall, cpu) = (of(|took| took.wall), of(|took| took.cpu));
        let peak = median(took.iter().map(|took| took.peak_bytes).collect());
        table.add_row([
            what.to_owned(),
            format!("{wall:.2}"),
            format!("{:.0}", filled.gigabytes() * 1e3 / wall),
            format!("{cpu:.2}"),
            format!("{:.2}", cpu / filled.gigabytes()),
            format!("{:.0}", peak as f64 / 1e6),
        ]);
    }
    say(&format!("\n{table}\n"));
}

/// Verifies what the last copy made, with the configuration it left.
fn verify() -> Took {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.args(["verify", "--complete", "--config"]).arg(work_dir().join("strait.toml"));
    let mut process = Measured::spawn(command, log_dir().join("verify.log"));
    while process.runs() {
        assert!(process.started.elapsed() < LIMIT, "it still verifies\n{}", process.last_words());
        wait::pause();
    }
    let (wall, cpu) = (process.started.elapsed(), process.cpu());
    let status = process.reap();
    assert!(status.success(), "verify: {status}\n{}", process.last_words());
    Took { wall, cpu, peak_bytes: process.peak_bytes }
}

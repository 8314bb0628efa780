//! What the benchmark can be asked for.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs Strait, MirrorMaker 2 and an rdkafka loop on the same topics, one after another, and prints
/// what each took.
#[derive(Parser)]
#[command(name = "scripts/bench-peers", max_term_width = 100)]
pub struct Options {
    /// Fills and copies a tenth of the records.
    #[arg(long)]
    pub quick: bool,
    /// The topics to fill and copy; all four by default, lz4 with --rtt.
    #[arg(long = "topic", value_delimiter = ',', value_name = "TOPICS")]
    pub topics: Vec<Workload>,
    /// The tools to run; by default all that suit.
    #[arg(long, value_delimiter = ',', value_name = "TOOLS")]
    pub only: Vec<Tool>,
    /// Adds a delay before the source, then before the target, e.g. 100ms.
    #[arg(long, value_parser = humantime_duration, conflicts_with = "latency")]
    pub rtt: Option<Duration>,
    /// Measures from send to seen at the target, at 5,000 records a second.
    #[arg(long)]
    pub latency: bool,
    /// Copies each topic with Strait and has `strait verify` compare both ends.
    #[arg(long, conflicts_with_all = ["latency", "rtt", "only"])]
    pub verify: bool,
    /// How often each tool copies each topic; medians are printed.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// The bytes of records in a batch before it is compressed, as the source's producer makes them.
    #[arg(long, default_value_t = 1_000_000, value_name = "BYTES")]
    pub batch: u32,
    /// Strait's limits.memory.
    #[arg(long, default_value = "256 MiB", value_name = "SIZE")]
    pub memory: String,
    /// `cargo bench` passes it to every target.
    #[arg(long = "bench", hide = true)]
    pub _bench: bool,
    /// What a child process of the benchmark does.
    #[command(subcommand)]
    pub child: Option<ChildCommand>,
}

fn humantime_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// What the benchmark runs as processes of its own, so that they can be measured.
#[derive(Subcommand)]
pub enum ChildCommand {
    /// Consumes and produces.
    #[command(hide = true)]
    Loop(LoopArgs),
}

/// Says what the rdkafka loop copies.
#[derive(Args, Clone)]
pub struct LoopArgs {
    /// The source's address.
    #[arg(long)]
    pub source: String,
    /// The target's address.
    #[arg(long)]
    pub target: String,
    /// The topic, existing at both ends.
    #[arg(long)]
    pub topic: String,
    /// The codec to produce with.
    #[arg(long)]
    pub codec: String,
    /// How long the producer waits for a batch to fill.
    #[arg(long)]
    pub linger_ms: u32,
    /// Goes on behind the end offsets seen at the start.
    #[arg(long)]
    pub follow: bool,
}

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// 4 million JSON records of about 450 bytes, lz4.
    Lz4,
    /// The same in zstd.
    Zstd,
    /// The same uncompressed.
    None,
    /// 10 million JSON records of about 100 bytes, lz4.
    Small,
}

impl Workload {
    /// Returns the topic's name.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Lz4 => "bench-lz4",
            Self::Zstd => "bench-zstd",
            Self::None => "bench-none",
            Self::Small => "bench-small",
        }
    }

    /// Returns the codec's name in `compression.type`.
    pub fn codec(self) -> &'static str {
        match self {
            Self::Lz4 | Self::Small => "lz4",
            Self::Zstd => "zstd",
            Self::None => "none",
        }
    }

    /// Returns how many records a full run copies.
    pub fn records(self) -> u64 {
        if self == Self::Small { 10_000_000 } else { 4_000_000 }
    }
}

/// What copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// `strait replicate`.
    Strait,
    /// A consumer and a producer of rdkafka, tuned.
    Loop,
    /// MirrorMaker 2 in dedicated mode as it comes.
    Mm2,
    /// MirrorMaker 2 with the settings docs/performance.md names.
    Mm2Tuned,
}

impl Tool {
    /// Returns the name in the tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::Strait => "Strait",
            Self::Loop => "rdkafka loop",
            Self::Mm2 => "MM2 defaults",
            Self::Mm2Tuned => "MM2 tuned",
        }
    }
}

//! What a broker's segment files hold, read without any client.

use std::fs;
use std::path::PathBuf;

use super::cluster::Cluster;

/// Bytes of a batch before its records.
const HEADER_BYTES: usize = 61;

/// Holds a batch as it stands in a segment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    /// The offset of its first record when it was written.
    pub base_offset: i64,
    /// Codec, timestamp type, transaction and control bits.
    pub attributes: i16,
    /// The distance to its last offset.
    pub last_offset_delta: i32,
    /// The base of its records' timestamps.
    pub base_timestamp: i64,
    /// The newest of its records' timestamps.
    pub max_timestamp: i64,
    /// Who wrote it.
    pub producer_id: i64,
    /// How many records it holds.
    pub count: i32,
    /// What follows the header.
    pub records: Vec<u8>,
}

impl StoredBatch {
    /// Tells a marker of a transaction's end.
    pub fn is_control(&self) -> bool {
        self.attributes & 0x20 != 0
    }

    /// Returns Kafka's number of the codec.
    pub fn codec(&self) -> i16 {
        self.attributes & 7
    }

    /// Tells a batch of which compaction took some records, or all.
    pub fn is_thinned(&self) -> bool {
        self.count < self.last_offset_delta + 1
    }
}

/// Reads a partition's segment files on broker 1, oldest first.
pub fn stored_batches(cluster: &Cluster, topic: &str, partition: i32) -> Vec<StoredBatch> {
    let mut batches = Vec::new();
    for file in files(cluster, topic, partition, ".log") {
        let segment = fs::read(file).unwrap();
        let mut rest = segment.as_slice();
        while rest.len() >= HEADER_BYTES {
            let length = 12 + usize::try_from(i32_at(rest, 8)).unwrap();
            // Zeros follow the last batch of a preallocated file, a torn one that of a file in use.
            if length < HEADER_BYTES || length > rest.len() {
                break;
            }
            let (batch, after) = rest.split_at(length);
            batches.push(StoredBatch {
                base_offset: i64_at(batch, 0),
                attributes: i16::from_be_bytes(batch[21..23].try_into().unwrap()),
                last_offset_delta: i32_at(batch, 23),
                base_timestamp: i64_at(batch, 27),
                max_timestamp: i64_at(batch, 35),
                producer_id: i64_at(batch, 43),
                count: i32_at(batch, 57),
                records: batch[HEADER_BYTES..].to_vec(),
            });
            rest = after;
        }
    }
    batches
}

/// Lists a partition's files on broker 1 whose names end so, in the order of their offsets.
pub fn files(cluster: &Cluster, topic: &str, partition: i32, ending: &str) -> Vec<PathBuf> {
    let folder = cluster.log_folder(1, topic, partition);
    let found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = found.filter(|path| path.display().to_string().ends_with(ending)).collect();
    found.sort();
    found
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())
}

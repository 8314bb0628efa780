//! Stranded records as files: JSON Lines, one file a partition, and a manifest that says what is in them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::error::FailbackError;
use super::survey::{Surveyed, Wide};
use super::walk::{self, Logs};
use crate::config::settings::Origin;
use crate::engine::intake::Item;
use crate::engine::limits::DECODED_BATCH_BYTES_MAX;
use crate::engine::origin::OriginFilter;
use crate::kafka::crc;
use crate::kafka::records::{Whole, decode_whole};
use crate::types::TopicPartition;

/// Says what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// The topic at the source.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// How many records, one a line.
    pub records: u64,
    /// The size of the file.
    pub bytes: u64,
    /// The CRC-32C of the file, in hexadecimal digits.
    pub crc32c: String,
}

/// One record, as a line.
#[derive(Serialize)]
struct Line<'a> {
    offset: i64,
    timestamp_ms: i64,
    key: Option<Text<'a>>,
    value: Option<Text<'a>>,
    headers: Vec<Header<'a>>,
}

#[derive(Serialize)]
struct Header<'a> {
    name: Text<'a>,
    value: Option<Text<'a>>,
}

/// Bytes, always as base64, and as text where they are UTF-8.
#[derive(Serialize)]
struct Text<'a> {
    base64: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self { base64: STANDARD.encode(bytes), text: std::str::from_utf8(bytes).ok() }
    }
}

/// Writes what is stranded in these partitions. A file that is there already is never written over: one that an
/// interrupted run left whole is compared with what would be written now.
pub async fn write(
    wide: &Wide<'_>,
    partitions: &[&Surveyed],
    folder: &Path,
) -> Result<Vec<Exported>, FailbackError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| FailbackError::File { path, error }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let source = wide.source;
    let topics = crate::types::distinct(partitions.iter().map(|one| &one.source.topic));
    let metadata = source.retrying(wide.patience, || source.metadata(Some(&topics))).await?;
    let origin = OriginFilter::new(source.clone(), wide.flow.origin == Origin::Local);
    let logs = Logs { cluster: source, metadata: &metadata, origin: &origin, patience: wide.patience };
    let mut exported = Vec::new();
    for one in partitions.iter().filter(|one| one.stranded.records > 0) {
        let name = format!("{}-{}.jsonl", one.source.topic, one.source.partition);
        let path = folder.join(name);
        let mut out = Out::create(&path).map_err(failed(&path))?;
        let from = one.missing.map_or(one.source_next, |(_, last)| last + 1);
        walk::walk(&logs, &one.source, (from, one.source_end), |item| {
            let lines = lines(&one.source, &item)?;
            out.write(&lines, &item).map_err(failed(&path))?;
            Ok(true)
        })
        .await?;
        exported.push(out.finish(&one.source).map_err(failed(&path))?);
    }
    Ok(exported)
}

fn lines(partition: &TopicPartition, item: &Item) -> Result<Vec<u8>, FailbackError> {
    let records = decode_whole(&item.batch, DECODED_BATCH_BYTES_MAX).map_err(|error| {
        let (partition, reason) = (partition.clone(), error.to_string());
        FailbackError::Damaged { partition, offset: item.first.0, reason }
    })?;
    let offsets = item.source_offsets();
    let mut lines = Vec::new();
    for (index, record) in (0..).zip(&records) {
        let Whole { timestamp_ms, key, value, headers } = record;
        let line = Line {
            offset: offsets.get(index).unwrap_or(item.first.0 + index),
            timestamp_ms: *timestamp_ms,
            key: key.as_deref().map(Text::from),
            value: value.as_deref().map(Text::from),
            headers: headers
                .iter()
                .map(|(name, value)| Header {
                    name: (&name[..]).into(),
                    value: value.as_deref().map(Text::from),
                })
                .collect(),
        };
        serde_json::to_writer(&mut lines, &line).expect("bytes in memory take whatever is written");
        lines.push(b'\n');
    }
    Ok(lines)
}

/// A file under a name of its own until it is whole.
struct Out {
    path: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    records: u64,
    bytes: u64,
    crc: u32,
}

impl Out {
    fn create(path: &Path) -> io::Result<Self> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = BufWriter::new(File::create(&part)?);
        Ok(Self { path: path.to_owned(), part, file, records: 0, bytes: 0, crc: 0 })
    }

    fn write(&mut self, lines: &[u8], item: &Item) -> io::Result<()> {
        self.file.write_all(lines)?;
        self.records += u64::try_from(item.records()).unwrap_or(0);
        self.bytes += lines.len() as u64;
        self.crc = crc::append(self.crc, lines);
        Ok(())
    }

    fn finish(mut self, partition: &TopicPartition) -> io::Result<Exported> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        match told(&self.path) {
            // What an interrupted run left whole.
            Ok(there) if there == (self.bytes, self.crc) => fs::remove_file(&self.part)?,
            Ok(_) => {
                let what = "it is there with something else in it, and is never written over";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(&self.part, &self.path)?,
            Err(error) => return Err(error),
        }
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Exported {
            topic: partition.topic.to_string(),
            partition: partition.partition,
            records: self.records,
            bytes: self.bytes,
            crc32c: format!("{:08x}", self.crc),
            path: self.path,
        })
    }
}

/// Returns the size of a file and its checksum.
fn told(path: &Path) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let (mut buffer, mut bytes, mut sum) = (vec![0; 64 * 1024], 0, 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, sum)),
            read => {
                bytes += read as u64;
                sum = crc::append(sum, &buffer[..read]);
            }
        }
    }
}

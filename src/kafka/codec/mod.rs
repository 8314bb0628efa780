//! Compression of record batches, as Kafka frames each codec.

mod lz4;
mod snappy;

use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use thiserror::Error;

/// Names a batch's compression codec (attribute bits 0-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Not compressed.
    None,
    /// gzip.
    Gzip,
    /// Snappy in xerial framing.
    Snappy,
    /// LZ4 frames.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl Codec {
    /// Lists every codec, in the order of their attribute bits.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// Reads the codec from a batch's or message's attributes; `None` where Kafka defines none.
    pub fn from_attributes(attributes: i16) -> Option<Self> {
        match attributes & 0x07 {
            0 => Some(Self::None),
            1 => Some(Self::Gzip),
            2 => Some(Self::Snappy),
            3 => Some(Self::Lz4),
            4 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Returns the attribute bits that name the codec.
    pub fn attribute_bits(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// Returns the name Kafka's `compression.type` uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl std::fmt::Display for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Says why bytes could not be compressed or decompressed.
#[derive(Debug, Error)]
pub enum CodecError {
    /// The compressed bytes are not what the codec prescribes.
    #[error("not valid {codec} data")]
    Invalid {
        /// The codec the batch names.
        codec: Codec,
        /// What the codec found.
        #[source]
        source: io::Error,
    },
    /// A Snappy block is damaged.
    #[error("not valid snappy data")]
    Snappy(#[source] snap::Error),
    /// A Snappy stream in xerial framing ends inside a block or its length.
    #[error("snappy framing ends in the middle of a block: {missing_bytes} bytes are missing")]
    SnappyCut {
        /// How many more bytes the block or its length needs.
        missing_bytes: usize,
    },
    /// The decompressed bytes would take more memory than allowed.
    #[error("decompresses to more than the {limit_bytes} bytes allowed")]
    TooLarge {
        /// The limit that was given.
        limit_bytes: usize,
    },
    /// The codec could not compress, for want of memory.
    #[error("cannot compress with {codec}")]
    Compress {
        /// The codec asked for.
        codec: Codec,
        /// What the codec said.
        #[source]
        source: io::Error,
    },
}

/// Holds what compressing and decompressing can use again from one batch to the next.
#[derive(Default)]
pub struct CodecScratch {
    zstd_encoder: Option<zstd::bulk::Compressor<'static>>,
    snappy_encoder: Option<snap::raw::Encoder>,
}

/// Decompresses into a new buffer of at most `limit_bytes`.
pub fn decompress(codec: Codec, compressed: &[u8], limit_bytes: usize) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    decompress_into(codec, compressed, limit_bytes, &mut out)?;
    Ok(out)
}

/// Compresses into a new buffer.
pub fn compress(codec: Codec, bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    compress_into(codec, bytes, &mut CodecScratch::default(), &mut out)?;
    Ok(out)
}

/// Decompresses to the end of `out`, adding at most `limit_bytes`; after an error `out` may be longer.
pub fn decompress_into(
    codec: Codec,
    compressed: &[u8],
    limit_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let read = |reader: &mut dyn Read, out: &mut Vec<u8>| read_limited(codec, reader, limit_bytes, out);
    match codec {
        Codec::None if compressed.len() > limit_bytes => Err(CodecError::TooLarge { limit_bytes }),
        Codec::None => {
            out.extend_from_slice(compressed);
            Ok(())
        }
        // Java's reader takes several gzip members in a row for one stream.
        Codec::Gzip => read(&mut MultiGzDecoder::new(compressed), out),
        Codec::Snappy => snappy::decompress(compressed, limit_bytes, out),
        Codec::Lz4 => read(&mut lz4_flex::frame::FrameDecoder::new(compressed), out),
        Codec::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed)
                .map_err(|source| CodecError::Invalid { codec, source })?;
            read(&mut decoder, out)
        }
    }
}

/// Compresses to the end of `out`.
pub fn compress_into(
    codec: Codec,
    bytes: &[u8],
    scratch: &mut CodecScratch,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let failed = |source| CodecError::Compress { codec, source };
    match codec {
        Codec::None => out.extend_from_slice(bytes),
        Codec::Gzip => {
            let mut encoder = GzEncoder::new(out, flate2::Compression::default());
            encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(failed)?;
        }
        Codec::Snappy => {
            snappy::compress(bytes, scratch.snappy_encoder.get_or_insert_with(snap::raw::Encoder::new), out)?
        }
        Codec::Lz4 => lz4::compress(bytes, out).map_err(failed)?,
        Codec::Zstd => {
            let encoder = match &mut scratch.zstd_encoder {
                Some(encoder) => encoder,
                None => scratch
                    .zstd_encoder
                    .insert(zstd::bulk::Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL).map_err(failed)?),
            };
            let start = out.len();
            out.resize(start + zstd::zstd_safe::compress_bound(bytes.len()), 0);
            let written = encoder.compress_to_buffer(bytes, &mut out[start..]).map_err(failed)?;
            out.truncate(start + written);
        }
    }
    Ok(())
}

/// Reads a decompressor to its end, stopping one byte past the limit.
fn read_limited(
    codec: Codec,
    reader: &mut dyn Read,
    limit_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let past_limit = u64::try_from(limit_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let read =
        reader.take(past_limit).read_to_end(out).map_err(|source| CodecError::Invalid { codec, source })?;
    if read > limit_bytes { Err(CodecError::TooLarge { limit_bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;

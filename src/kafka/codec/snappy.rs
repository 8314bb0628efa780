//! Snappy as Kafka's clients frame it: the xerial stream, and bare blocks on reading.

use super::CodecError;

/// Begins a xerial stream: the marker, version 1, readable by version 1.
const HEADER: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];

/// The part of [`HEADER`] that says what it is.
const MARKER_BYTES: usize = 8;

/// Bytes of input in a block, as Java's writer has them.
const BLOCK_BYTES: usize = 32 * 1024;

/// Decompresses a xerial stream, or a bare Snappy block, as librdkafka and others write it.
pub(super) fn decompress(compressed: &[u8], limit_bytes: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let mut decoder = snap::raw::Decoder::new();
    let end = out.len().saturating_add(limit_bytes);
    let too_large = CodecError::TooLarge { limit_bytes };
    if !compressed.starts_with(&HEADER[..MARKER_BYTES]) {
        return decompress_block(&mut decoder, compressed, end, out, too_large);
    }
    let mut rest = compressed;
    while !rest.is_empty() {
        // The header may stand between blocks too, where streams were concatenated.
        if rest.starts_with(&HEADER[..MARKER_BYTES]) {
            rest = after(rest, HEADER.len())?.1;
            continue;
        }
        let (length, blocks) = after(rest, 4)?;
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (block, next) = after(blocks, length)?;
        decompress_block(&mut decoder, block, end, out, CodecError::TooLarge { limit_bytes })?;
        rest = next;
    }
    Ok(())
}

/// Compresses as a xerial stream.
pub(super) fn compress(
    bytes: &[u8],
    encoder: &mut snap::raw::Encoder,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    out.extend_from_slice(&HEADER);
    for block in bytes.chunks(BLOCK_BYTES) {
        let length_at = out.len();
        let block_at = length_at + 4;
        out.resize(block_at + snap::raw::max_compress_len(block.len()), 0);
        let written = encoder.compress(block, &mut out[block_at..]).map_err(CodecError::Snappy)?;
        out.truncate(block_at + written);
        let length = u32::try_from(written).expect("a block of 32 KiB stays below 4 GiB");
        out[length_at..block_at].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

fn decompress_block(
    decoder: &mut snap::raw::Decoder,
    block: &[u8],
    end: usize,
    out: &mut Vec<u8>,
    too_large: CodecError,
) -> Result<(), CodecError> {
    let length = snap::raw::decompress_len(block).map_err(CodecError::Snappy)?;
    let start = out.len();
    if length > end - start {
        return Err(too_large);
    }
    out.resize(start + length, 0);
    decoder.decompress(block, &mut out[start..]).map_err(CodecError::Snappy)?;
    Ok(())
}

fn after(bytes: &[u8], count: usize) -> Result<(&[u8], &[u8]), CodecError> {
    bytes
        .split_at_checked(count)
        .ok_or(CodecError::SnappyCut { missing_bytes: count.saturating_sub(bytes.len()) })
}

//! LZ4 frames as Kafka's clients read them: independent blocks of 64 KiB.

use std::io::{self, Write};

use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};

/// Compresses as one frame. Java's reader refuses blocks that depend on each other.
pub(super) fn compress(bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let frame = FrameInfo::new().block_size(BlockSize::Max64KB).block_mode(BlockMode::Independent);
    let mut encoder = FrameEncoder::with_frame_info(frame, out);
    encoder.write_all(bytes)?;
    encoder.finish()?;
    Ok(())
}

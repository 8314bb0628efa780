//! What arrives on a socket, piece by piece.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::line::PIECE_BYTES_MAX;

/// Reads a socket; what was read ahead stays here.
pub(super) struct Intake<R> {
    io: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Intake<R> {
    /// Reads from `io`.
    pub(super) fn new(io: R) -> Self {
        Self { io, buffer: BytesMut::new() }
    }

    /// Waits until `bytes` are at hand; false where the stream ended in front of the first of them.
    pub(super) async fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        while self.buffer.len() < bytes {
            if !self.more().await? {
                return if self.buffer.is_empty() {
                    Ok(false)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
        Ok(true)
    }

    /// Returns what is at hand.
    pub(super) fn at_hand(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes what is at hand, at most so many bytes; waits for the first.
    pub(super) async fn piece(&mut self, most: usize) -> io::Result<Bytes> {
        if self.buffer.is_empty() && !self.more().await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let most = most.min(PIECE_BYTES_MAX).min(self.buffer.len());
        Ok(self.buffer.split_to(most).freeze())
    }

    /// Takes exactly so many bytes; memory grows with what arrives.
    pub(super) async fn whole(&mut self, bytes: usize) -> io::Result<BytesMut> {
        let mut taken = self.buffer.split_to(bytes.min(self.buffer.len()));
        while taken.len() < bytes {
            taken.extend_from_slice(&self.piece(bytes - taken.len()).await?);
        }
        Ok(taken)
    }

    async fn more(&mut self) -> io::Result<bool> {
        self.buffer.reserve(PIECE_BYTES_MAX);
        Ok(self.io.read_buf(&mut self.buffer).await? > 0)
    }
}

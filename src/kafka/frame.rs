//! Length-prefixed frames: requests as segments that are never joined, answers as slices of one
//! buffer.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::buffers::Reservation;
use super::error::RequestCause;
use super::guarded::{self, Encoding};

/// Answers up to this size are cut from the connection's own buffer; larger ones get their own.
const SMALL_FRAME_BYTES_MAX: usize = 16 * 1024;

/// Longest answer to anything but a fetch; metadata of a very large cluster stays below it.
pub const FRAME_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Holds a request as the pieces it is written from; the records in it are the received bytes.
#[derive(Debug, Default)]
pub struct Segments {
    parts: VecDeque<Bytes>,
    remaining: usize,
}

impl Segments {
    /// Appends a piece.
    pub fn push(&mut self, part: Bytes) {
        self.remaining += part.len();
        if !part.is_empty() {
            self.parts.push_back(part);
        }
    }

    /// Puts a piece before all others.
    pub fn push_front(&mut self, part: Bytes) {
        self.remaining += part.len();
        self.parts.push_front(part);
    }
}

impl Buf for Segments {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.parts.front().map_or(&[], |part| part)
    }

    fn advance(&mut self, mut count: usize) {
        self.remaining -= count;
        while count > 0 {
            let front = self.parts.front_mut().expect("advance stays within remaining");
            if front.len() > count {
                front.advance(count);
                return;
            }
            count -= front.len();
            self.parts.pop_front();
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            *slice = IoSlice::new(part);
            filled += 1;
        }
        filled
    }
}

/// Encodes the frame length and request header that go before a body of `body_bytes`.
pub fn encode_prefix(
    api: ApiKey,
    version: i16,
    header_version: i16,
    correlation: i32,
    client_id: &StrBytes,
    body_bytes: usize,
) -> Result<BytesMut, RequestCause> {
    let header = RequestHeader::default()
        .with_request_api_key(api as i16)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(client_id.clone()));
    let mut prefix = BytesMut::with_capacity(64);
    prefix.put_u32(0);
    header.encode(&mut prefix, header_version).map_err(|e| RequestCause::Encoding(e.to_string()))?;
    let length = prefix.len() - 4 + body_bytes;
    let length = u32::try_from(length).map_err(|_| RequestCause::Encoding("over 4 GiB".into()))?;
    prefix[..4].copy_from_slice(&length.to_be_bytes());
    Ok(prefix)
}

/// Encodes a request's body in one piece.
pub fn encode_body<R: Request>(request: &R, version: i16) -> Result<Bytes, RequestCause> {
    let mut body = BytesMut::new();
    request.encode(&mut body, version).map_err(|e| RequestCause::Encoding(e.to_string()))?;
    Ok(body.freeze())
}

/// Decodes an answer: header first, then the body; slices of `frame` are not copied.
pub fn decode_response<R: Request>(mut frame: Bytes, version: i16) -> Result<R::Response, RequestCause> {
    let header_version = R::Response::header_version(version);
    ResponseHeader::decode(&mut frame, header_version).map_err(malformed)?;
    let encoding = Encoding::of_request_header(R::header_version(version));
    guarded::decode(frame, version, encoding).map_err(malformed)
}

fn malformed(error: impl std::fmt::Display) -> RequestCause {
    RequestCause::Malformed(error.to_string())
}

/// Cuts a byte stream into frames.
#[derive(Debug)]
pub struct FrameReader<R> {
    io: R,
    small: BytesMut,
}

/// Holds what stands at the front of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameStart {
    /// Bytes that follow the length, the correlation id included.
    pub length: usize,
    /// Which request it answers.
    pub correlation: i32,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads frames from `io`.
    pub fn new(io: R) -> Self {
        Self { io, small: BytesMut::with_capacity(SMALL_FRAME_BYTES_MAX) }
    }

    /// Waits for the next frame's first eight bytes and looks at them, leaving them in place.
    ///
    /// Errors name what the bytes are where they are not Kafka's.
    pub async fn start(&mut self, limit: usize) -> Result<FrameStart, RequestCause> {
        self.fill(5).await?;
        if let Some(cause) = foreign_protocol(&self.small) {
            return Err(cause);
        }
        self.fill(8).await?;
        let length = u32::from_be_bytes([self.small[0], self.small[1], self.small[2], self.small[3]]);
        let correlation = i32::from_be_bytes([self.small[4], self.small[5], self.small[6], self.small[7]]);
        if length < 4 {
            return Err(RequestCause::Malformed(format!("a frame of {length} bytes")));
        }
        if length as usize > limit {
            return Err(RequestCause::FrameTooLarge { length, limit });
        }
        Ok(FrameStart { length: length as usize, correlation })
    }

    /// Reads the frame that [`start`](Self::start) announced, without its length, into the buffer
    /// the reservation stands for, or into one of its own.
    pub async fn finish(
        &mut self,
        start: FrameStart,
        reservation: Option<Reservation>,
    ) -> Result<Bytes, RequestCause> {
        let whole = start.length + 4;
        if whole <= SMALL_FRAME_BYTES_MAX {
            self.fill(whole).await?;
            let mut frame = self.small.split_to(whole);
            frame.advance(4);
            return Ok(Bytes::copy_from_slice(&frame));
        }
        let at_hand = self.small.len().min(whole);
        let head = self.small.split_to(at_hand);
        match reservation {
            Some(mut reservation) => {
                reservation.fit(start.length).await;
                let mut buffer = reservation.into_buffer(start.length);
                let at_hand = &head[4..];
                buffer.spare()[..at_hand.len()].copy_from_slice(at_hand);
                buffer.advance(at_hand.len());
                while buffer.len() < start.length {
                    let left = start.length - buffer.len();
                    let read = self.io.read(&mut buffer.spare()[..left]).await.map_err(disconnected)?;
                    if read == 0 {
                        return Err(RequestCause::Disconnected { error: None });
                    }
                    buffer.advance(read);
                }
                Ok(buffer.freeze())
            }
            None => {
                // Grows with what arrives, so a lying length allocates nothing.
                let mut data = head[4..].to_vec();
                read_to(&mut self.io, &mut data, start.length, 1024 * 1024).await?;
                Ok(data.into())
            }
        }
    }

    async fn fill(&mut self, bytes: usize) -> Result<(), RequestCause> {
        while self.small.len() < bytes {
            self.small.reserve(SMALL_FRAME_BYTES_MAX - self.small.len().min(SMALL_FRAME_BYTES_MAX));
            let read = self.io.read_buf(&mut self.small).await.map_err(disconnected)?;
            if read == 0 {
                // A TLS alert is seven bytes; what is there may still name the protocol.
                return Err(
                    foreign_protocol(&self.small).unwrap_or(RequestCause::Disconnected { error: None })
                );
            }
        }
        Ok(())
    }
}

/// Reads until `data` holds `length` bytes, growing it by at most `step` at a time.
async fn read_to<R: AsyncRead + Unpin>(
    io: &mut R,
    data: &mut Vec<u8>,
    length: usize,
    step: usize,
) -> Result<(), RequestCause> {
    while data.len() < length {
        let missing = length - data.len();
        if data.capacity() == data.len() {
            data.reserve(missing.min(step));
        }
        let read = io.read_buf(&mut data.limit(missing)).await.map_err(disconnected)?;
        if read == 0 {
            return Err(RequestCause::Disconnected { error: None });
        }
    }
    Ok(())
}

fn disconnected(error: std::io::Error) -> RequestCause {
    RequestCause::Disconnected { error: Some(Arc::new(error)) }
}

/// Recognises a TLS record (content type 20 to 23, version 3.x) and HTTP where a length should be.
fn foreign_protocol(bytes: &[u8]) -> Option<RequestCause> {
    match bytes {
        [20..=23, 3, 0..=4, ..] => Some(RequestCause::TlsRecord),
        [b'H', b'T', b'T', b'P', ..] => Some(RequestCause::HttpAnswer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::kafka::buffers::MemoryBudget;

    fn framed(correlation: i32, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.put_u32(u32::try_from(body.len() + 4).unwrap());
        bytes.put_i32(correlation);
        bytes.extend_from_slice(body);
        bytes
    }

    #[tokio::test]
    async fn frames_of_every_size_come_out_as_they_went_in() {
        let budget = MemoryBudget::new(1 << 24);
        let bodies: Vec<Vec<u8>> =
            [0usize, 1, 100, SMALL_FRAME_BYTES_MAX - 8, SMALL_FRAME_BYTES_MAX, 3_000_000, 5]
                .iter()
                .map(|n| (0..*n).map(|i| (i % 251) as u8).collect())
                .collect();
        for pooled in [false, true] {
            let (client, mut server) = tokio::io::duplex(10_000);
            let wire: Vec<u8> = bodies
                .iter()
                .enumerate()
                .flat_map(|(i, body)| framed(i32::try_from(i).unwrap(), body))
                .collect();
            let writer = tokio::spawn(async move {
                tokio::io::AsyncWriteExt::write_all(&mut server, &wire).await.unwrap();
            });
            let mut reader = FrameReader::new(client);
            for (index, body) in bodies.iter().enumerate() {
                let start = reader.start(FRAME_BYTES_MAX).await.unwrap();
                assert_eq!(start.correlation as usize, index);
                let reservation = if pooled { Some(budget.reserve(1 << 20).await) } else { None };
                let frame = reader.finish(start, reservation).await.unwrap();
                assert_eq!(&frame[4..], &body[..]);
            }
            writer.await.unwrap();
        }
        assert_eq!(budget.used_bytes(), 0);
    }

    #[tokio::test]
    async fn a_tls_alert_is_not_read_as_a_length() {
        let alert: &[u8] = &[21, 3, 3, 0, 2, 2, 80];
        let cause = FrameReader::new(alert).start(FRAME_BYTES_MAX).await.unwrap_err();
        assert!(matches!(cause, RequestCause::TlsRecord), "{cause:?}");
        let http: &[u8] = b"HTTP/1.1 400 Bad Request\r\n";
        let cause = FrameReader::new(http).start(FRAME_BYTES_MAX).await.unwrap_err();
        assert!(matches!(cause, RequestCause::HttpAnswer), "{cause:?}");
        let huge: &[u8] = &[0x7f, 0, 0, 0, 0, 0, 0, 1];
        let cause = FrameReader::new(huge).start(FRAME_BYTES_MAX).await.unwrap_err();
        assert!(matches!(cause, RequestCause::FrameTooLarge { .. }), "{cause:?}");
    }

    #[test]
    fn segments_are_written_in_order_and_never_joined() {
        let mut segments = Segments::default();
        segments.push(Bytes::from_static(b"cd"));
        segments.push(Bytes::new());
        segments.push(Bytes::from_static(b"efg"));
        segments.push_front(Bytes::from_static(b"ab"));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(segments.chunks_vectored(&mut slices), 3);
        segments.advance(3);
        assert_eq!(segments.copy_to_bytes(4).as_ref(), b"defg");
        assert_eq!(segments.remaining(), 0);
    }
}

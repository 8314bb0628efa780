//! Decoding a message without believing the counts it claims.
//!
//! The protocol's decoder reserves memory for as many entries as an array says it has, before it reads
//! the first. Four damaged bytes, or a port that speaks something else, would have it ask for hundreds of
//! gigabytes, and a reservation that fails ends the process. So a number that is too large for what is left
//! of the message is held back until it is clear what it stands for: bytes are taken as they are, a plain
//! number is only a number, and a count of entries makes the message a malformed one.

use bytes::{Buf, Bytes, TryGetError};
use kafka_protocol::protocol::Decodable;
use kafka_protocol::protocol::buf::ByteBuf;

/// Entries that an array may always claim: what is reserved for them is small.
const ENTRIES_TRUSTED: usize = 1 << 16;
/// Entries that an array may claim at most, and no more than there are bytes left.
const ENTRIES_MAX: usize = 1 << 20;
/// Bytes of the longest length in the flexible encoding.
const VARINT_BYTES_MAX: usize = 5;

/// Says which of the protocol's two encodings a message has (KIP-482).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Counts and lengths are plain integers, and look like any other.
    Plain,
    /// Counts and lengths are of variable size, and nothing else is.
    Flexible,
}

impl Encoding {
    /// Returns the encoding of requests and answers, given the version of the request's header.
    pub fn of_request_header(version: i16) -> Self {
        if version >= 2 { Self::Flexible } else { Self::Plain }
    }
}

/// Says why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its fields do not add up.
    #[error("{0}")]
    Fields(String),
    /// It claims more entries than it can hold.
    #[error("it claims more entries than it has bytes for")]
    Claim,
}

/// Decodes a message; slices of `body` are not copied.
pub fn decode<T: Decodable>(body: Bytes, version: i16, encoding: Encoding) -> Result<T, Unreadable> {
    let mut held = Held::new(body.clone(), encoding);
    let message = held.decode(version)?;
    if held.doubtful.is_empty() {
        return Ok(message);
    }
    // Some large number is not the length of bytes: read as what no count can be, it shows whether it is one.
    let mut denied = Held { denied: held.doubtful, ..Held::new(body.clone(), encoding) };
    denied.decode::<T>(version)?;
    let mut body = body;
    T::decode(&mut body, version).map_err(|error| Unreadable::Fields(error.to_string()))
}

/// A message whose large numbers are held back.
struct Held {
    left: Bytes,
    encoding: Encoding,
    /// The number read last, where it was held back and read as none; with the bytes that were left then.
    last: Option<(usize, usize)>,
    /// Numbers that were held back and are no lengths of bytes, by the bytes that were left behind them.
    doubtful: Vec<usize>,
    /// Numbers that are to be read as negative.
    denied: Vec<usize>,
    is_refused: bool,
}

impl Held {
    fn new(left: Bytes, encoding: Encoding) -> Self {
        Self { left, encoding, last: None, doubtful: Vec::new(), denied: Vec::new(), is_refused: false }
    }

    fn decode<T: Decodable>(&mut self, version: i16) -> Result<T, Unreadable> {
        let message = T::decode(self, version);
        self.settle();
        if self.is_refused {
            return Err(Unreadable::Claim);
        }
        message.map_err(|error| Unreadable::Fields(error.to_string()))
    }

    /// Takes note that the number read last is no length of bytes.
    fn settle(&mut self) {
        if let Some((_, left)) = self.last.take() {
            match self.encoding {
                Encoding::Flexible => self.is_refused = true,
                Encoding::Plain => self.doubtful.push(left),
            }
        }
    }

    fn is_believed(&self, number: usize) -> bool {
        number <= ENTRIES_TRUSTED || number <= ENTRIES_MAX && number <= self.left.len()
    }

    /// Looks at the variable-size number that comes next: its value, and how many bytes it has.
    fn peek_varint(&self) -> Option<(u32, usize)> {
        let mut value = 0;
        for (index, byte) in self.left.iter().take(VARINT_BYTES_MAX).enumerate() {
            value |= u32::from(byte & 0x7f) << (index * 7);
            if byte & 0x80 == 0 || index + 1 == VARINT_BYTES_MAX {
                return Some((value, index + 1));
            }
        }
        None
    }
}

impl Buf for Held {
    fn remaining(&self) -> usize {
        self.left.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.left
    }

    fn advance(&mut self, count: usize) {
        self.settle();
        self.left.advance(count);
    }

    fn try_get_i32(&mut self) -> Result<i32, TryGetError> {
        self.settle();
        let number = self.left.try_get_i32()?;
        let left = self.left.len();
        if self.encoding == Encoding::Flexible {
            return Ok(number);
        }
        if self.denied.contains(&left) {
            return Ok(i32::MIN);
        }
        match usize::try_from(number) {
            Ok(large) if self.denied.is_empty() && !self.is_believed(large) => {
                self.last = Some((large, left));
                Ok(0)
            }
            _ => Ok(number),
        }
    }

    fn try_get_u8(&mut self) -> Result<u8, TryGetError> {
        self.settle();
        if self.encoding == Encoding::Flexible
            && let Some((value, size)) = self.peek_varint()
        {
            // Zero stands for null, and every other number for one less.
            let length = usize::try_from(value.saturating_sub(1)).unwrap_or(usize::MAX);
            if !self.is_believed(length) {
                self.left.advance(size);
                self.last = Some((length, self.left.len()));
                return Ok(1);
            }
        }
        self.left.try_get_u8()
    }
}

impl ByteBuf for Held {
    fn peek_bytes(&mut self, range: std::ops::Range<usize>) -> Bytes {
        self.settle();
        self.left.slice(range)
    }

    fn get_bytes(&mut self, size: usize) -> Bytes {
        match self.last.take() {
            Some((length, _)) if size == 0 && length <= self.left.len() => self.left.split_to(length),
            None => self.left.split_to(size),
            Some(_) => {
                self.is_refused = true;
                Bytes::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bytes::{BufMut, BytesMut};
    use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
    use kafka_protocol::messages::{
        DeleteTopicsRequest, FetchRequest, FetchResponse, MetadataResponse, ProduceRequest,
    };
    use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

    use super::*;

    fn encoded(message: &impl Encodable, version: i16) -> Bytes {
        let mut out = BytesMut::new();
        message.encode(&mut out, version).unwrap();
        out.freeze()
    }

    fn encoding<R: HeaderVersion>(version: i16) -> Encoding {
        Encoding::of_request_header(R::header_version(version))
    }

    fn fetched(records: usize) -> FetchResponse {
        let data = |partition| {
            PartitionData::default()
                .with_partition_index(partition)
                .with_records(Some(Bytes::from(vec![7; records])))
        };
        let topic = FetchableTopicResponse::default()
            .with_topic(kafka_protocol::messages::TopicName(StrBytes::from_static_str("orders")))
            .with_partitions((0..3).map(data).collect());
        FetchResponse::default().with_session_id(i32::MAX).with_responses(vec![topic])
    }

    #[test]
    fn large_records_and_large_numbers_are_read_as_they_are() {
        for version in 4..=12 {
            for records in [0, 10, ENTRIES_TRUSTED + 1, ENTRIES_MAX + 1] {
                let session = if version >= 7 { i32::MAX } else { 0 };
                let sent = fetched(records).with_session_id(session);
                let body = encoded(&sent, version);
                let read: FetchResponse =
                    decode(body.clone(), version, encoding::<FetchRequest>(version)).unwrap();
                assert_eq!(encoded(&read, version), body, "version {version}, {records} bytes");
                let found = read.responses[0].partitions[2].records.clone().unwrap();
                let is_slice = body.as_ptr_range().contains(&found.as_ptr()) || records == 0;
                assert!(is_slice, "the records were copied");
            }
        }
    }

    #[test]
    fn a_count_that_cannot_be_is_refused_and_reserves_nothing() {
        let mut plain = BytesMut::new();
        plain.put_i32(i32::MAX);
        // The time-out behind it, without which the message is too short in any case.
        plain.put_i32(0);
        let found = decode::<DeleteTopicsRequest>(plain.clone().freeze(), 1, Encoding::Plain);
        assert_eq!(found.unwrap_err().to_string(), "Array length is negative (-2147483648)");
        let mut flexible = BytesMut::new();
        flexible.put_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]);
        let found = decode::<DeleteTopicsRequest>(flexible.freeze(), 5, Encoding::Flexible);
        assert_eq!(found.unwrap_err(), Unreadable::Claim);
        // Enough bytes for one each, and still more than anybody lists.
        let mut long = BytesMut::new();
        long.put_i32(i32::try_from(ENTRIES_MAX + 1).unwrap());
        long.put_bytes(0, ENTRIES_MAX * 4);
        assert!(decode::<MetadataResponse>(long.freeze(), 0, Encoding::Plain).is_err());
        // The last thing in a message.
        let mut last = BytesMut::new();
        last.put_i16(1);
        last.put_i32(1_000);
        last.put_i32(1 << 30);
        assert!(decode::<ProduceRequest>(last.freeze(), 3, Encoding::Plain).is_err());
    }
}

//! What has to be known of a request that is passed on unread.

use kafka_protocol::messages::ApiKey;

/// Holds what stands at the front of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Which request.
    pub(super) api: i16,
    /// In which version.
    pub(super) version: i16,
    /// Its number, which the answer bears.
    pub(super) correlation: i32,
    /// False for a Produce request without acknowledgement.
    pub(super) expects_answer: bool,
}

/// Says that a request is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request has no header")]
pub(super) struct NoHead;

/// The first Produce version with compact strings and tagged fields.
const PRODUCE_FLEXIBLE: i16 = 9;

impl Head {
    /// Reads a request's front; `None` where more of it is needed. `frame` begins behind the length.
    pub(super) fn read(frame: &[u8], length: usize) -> Result<Option<Self>, NoHead> {
        let seen = &frame[..frame.len().min(length)];
        match Self::parse(&mut Front(seen)) {
            Some(head) => Ok(Some(head)),
            None if seen.len() == length => Err(NoHead),
            None => Ok(None),
        }
    }

    fn parse(front: &mut Front<'_>) -> Option<Self> {
        let (api, version, correlation) = (front.i16()?, front.i16()?, front.i32()?);
        let expects_answer = api != ApiKey::Produce as i16 || front.acks(version)? != 0;
        Some(Self { api, version, correlation, expects_answer })
    }
}

/// Reads from the front; `None` where it ends too early.
struct Front<'a>(&'a [u8]);

impl Front<'_> {
    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn varint(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Skips a string with a length of two bytes, -1 for none.
    fn string(&mut self) -> Option<()> {
        let length = usize::try_from(self.i16()?).unwrap_or(0);
        self.skip(length)
    }

    /// Reads a Produce request's acks, behind client id and transactional id.
    fn acks(&mut self, version: i16) -> Option<i16> {
        self.string()?;
        if version < PRODUCE_FLEXIBLE {
            self.string()?;
        } else {
            for _ in 0..self.varint()? {
                self.varint()?;
                let size = self.varint()?;
                self.skip(size)?;
            }
            let length = self.varint()?.saturating_sub(1);
            self.skip(length)?;
        }
        self.i16()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::BytesMut;
    use kafka_protocol::messages::{ProduceRequest, RequestHeader, TransactionalId};
    use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

    use super::*;

    #[test]
    fn each_front_of_a_produce_request_is_enough_or_asks_for_more() {
        for version in 3..=13 {
            for (acks, id) in [(-1, None), (0, Some("a-transaction")), (1, Some("")), (0, None)] {
                let header = RequestHeader::default()
                    .with_request_api_key(0)
                    .with_request_api_version(version)
                    .with_correlation_id(77)
                    .with_client_id(Some(StrBytes::from_static_str("a client")));
                let id = id.map(|id| TransactionalId(StrBytes::from_static_str(id)));
                let request = ProduceRequest::default().with_acks(acks).with_transactional_id(id);
                let mut frame = BytesMut::new();
                header.encode(&mut frame, ProduceRequest::header_version(version)).unwrap();
                request.encode(&mut frame, version).unwrap();
                let whole = Head::read(&frame, frame.len()).unwrap().unwrap();
                let wanted = Head { api: 0, version, correlation: 77, expects_answer: acks != 0 };
                assert_eq!(whole, wanted);
                let fronts: Vec<_> =
                    (0..frame.len()).map(|end| Head::read(&frame[..end], frame.len()).unwrap()).collect();
                let first = fronts.iter().position(Option::is_some).unwrap();
                assert!(fronts[..first].iter().all(Option::is_none));
                assert!(fronts[first..].iter().all(|front| *front == Some(wanted)));
            }
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(Head::read(&[0, 3, 0, 12, 0, 0], 6), Err(NoHead));
        let endless = [&[0, 0, 0, 13, 0, 0, 0, 1, 0xff, 0xff][..], &[0xff; 9]].concat();
        assert_eq!(Head::read(&endless, endless.len()), Err(NoHead));
        let metadata = Head { api: 3, version: 12, correlation: 9, expects_answer: true };
        assert_eq!(Head::read(&[0, 3, 0, 12, 0, 0, 0, 9], 500), Ok(Some(metadata)));
    }
}

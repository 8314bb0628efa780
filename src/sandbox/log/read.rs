//! Reading a log as Fetch does.

use bytes::{Bytes, BytesMut};

use super::{Aborted, PartitionLog};

/// Holds what one read gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Batches, the last perhaps cut off.
    pub bytes: Bytes,
    /// The offset behind the last whole batch.
    pub next_offset: i64,
}

impl PartitionLog {
    /// Reads from an offset up to another.
    ///
    /// As with a broker, the first batch is the one that holds the offset, and the last may be cut
    /// off at `bytes_max`. A first batch larger than that is given whole if `whole_first`, and not
    /// at all otherwise.
    pub fn read(&self, from: i64, up_to: i64, bytes_max: usize, whole_first: bool) -> Slice {
        let mut slice = Slice { bytes: Bytes::new(), next_offset: from };
        let readable = || {
            self.batches.range(self.place_of(from)..).take_while(|batch| batch.header.last_offset() < up_to)
        };
        let Some(first) = readable().next() else { return slice };
        if bytes_max == 0 || first.size_bytes() > bytes_max && !whole_first {
            return slice;
        }
        let limit = bytes_max.max(first.size_bytes());
        let mut bytes = BytesMut::new();
        for batch in readable() {
            batch.write_to(&mut bytes);
            if bytes.len() > limit {
                bytes.truncate(limit);
                break;
            }
            slice.next_offset = batch.header.next_offset();
            if bytes.len() == limit {
                break;
            }
        }
        slice.bytes = bytes.freeze();
        slice
    }

    /// Returns the offset behind the batch that holds an offset; `None` where none does.
    pub fn next_after(&self, offset: i64) -> Option<i64> {
        let batch = self.batches.get(self.place_of(offset))?;
        (batch.header.base_offset <= offset).then(|| batch.header.next_offset())
    }

    /// Counts the bytes a read could give, up to a limit.
    pub fn readable_bytes(&self, from: i64, up_to: i64, enough: usize) -> usize {
        let mut bytes = 0;
        for batch in self.batches.range(self.place_of(from)..) {
            if batch.header.last_offset() >= up_to || bytes >= enough {
                break;
            }
            bytes += batch.size_bytes();
        }
        bytes
    }

    /// Lists the aborted transactions with records between two offsets.
    pub fn aborted_between(&self, from: i64, up_to: i64) -> impl Iterator<Item = &Aborted> {
        self.aborted.iter().filter(move |aborted| aborted.last_offset >= from && aborted.first_offset < up_to)
    }
}

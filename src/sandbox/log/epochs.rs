//! Where each leader's records begin (the leader epoch cache, KIP-101 and KIP-320).

/// Holds, by rising epoch, the first offset of each leader.
#[derive(Clone, Debug, Default)]
pub struct LeaderEpochs {
    starts: Vec<(i32, i64)>,
}

impl LeaderEpochs {
    /// Notes that a leader begins at an offset; one that is known already keeps its first.
    pub fn begin(&mut self, epoch: i32, offset: i64) {
        if self.starts.last().is_some_and(|(last, _)| *last >= epoch) {
            return;
        }
        // A leader that wrote nothing leaves no trace.
        self.starts.retain(|(_, start)| *start < offset);
        self.starts.push((epoch, offset));
    }

    /// Returns the newest epoch; -1 before the first.
    pub fn latest(&self) -> i32 {
        self.starts.last().map_or(-1, |(epoch, _)| *epoch)
    }

    /// Returns the epoch of the record at an offset; -1 where none is known.
    pub fn at(&self, offset: i64) -> i32 {
        self.starts.iter().rev().find(|(_, start)| *start <= offset).map_or(-1, |(epoch, _)| *epoch)
    }

    /// Returns the newest epoch up to `epoch` and the offset at which it ended; (-1, -1) where it
    /// is newer than all.
    pub fn end_of(&self, epoch: i32, log_end: i64) -> (i32, i64) {
        if epoch < 0 {
            return (-1, -1);
        }
        if epoch == self.latest() {
            return (epoch, log_end);
        }
        let Some((_, next_start)) = self.starts.iter().find(|(known, _)| *known > epoch) else {
            return (-1, -1);
        };
        let before = self.starts.iter().rev().find(|(known, _)| *known <= epoch);
        (before.map_or(epoch, |(known, _)| *known), *next_start)
    }

    /// Forgets leaders that begin at or after an offset, because the log was cut there.
    pub fn cut_from(&mut self, offset: i64) {
        self.starts.retain(|(_, start)| *start < offset);
    }

    /// Forgets leaders before an offset, because the log starts there now.
    pub fn start_at(&mut self, offset: i64) {
        let Some(first) = self.starts.iter().rposition(|(_, start)| *start <= offset) else { return };
        self.starts.drain(..first);
        self.starts[0].1 = offset;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_leaders() -> LeaderEpochs {
        let mut epochs = LeaderEpochs::default();
        for (epoch, offset) in [(0, 0), (2, 10), (3, 10), (5, 30)] {
            epochs.begin(epoch, offset);
        }
        epochs
    }

    #[test]
    fn an_epoch_ends_where_the_next_known_one_begins() {
        let epochs = three_leaders();
        assert_eq!(epochs.end_of(0, 40), (0, 10));
        assert_eq!(epochs.end_of(2, 40), (0, 10), "the leader of epoch 2 wrote nothing");
        assert_eq!(epochs.end_of(3, 40), (3, 30));
        assert_eq!(epochs.end_of(5, 40), (5, 40));
        assert_eq!(epochs.end_of(6, 40), (-1, -1));
        assert_eq!(epochs.end_of(-1, 40), (-1, -1));
    }

    #[test]
    fn cutting_and_trimming_forget_what_lies_outside() {
        let mut epochs = three_leaders();
        epochs.cut_from(30);
        assert_eq!((epochs.latest(), epochs.at(29)), (3, 3));
        epochs.start_at(12);
        assert_eq!(epochs.end_of(1, 40), (1, 12));
        assert_eq!(epochs.at(11), -1);
    }
}

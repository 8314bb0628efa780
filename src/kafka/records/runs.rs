//! Which offsets records had, where they are written again under others.

/// Lists offsets in rising order as runs without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetRuns {
    /// (first offset, how many).
    runs: Vec<(i64, i64)>,
}

impl OffsetRuns {
    /// Lists `count` offsets from `first` on.
    pub fn one(first: i64, count: i64) -> Self {
        let mut runs = Self::default();
        runs.push_run(first, count);
        runs
    }

    /// Appends an offset behind the last.
    pub fn push(&mut self, offset: i64) {
        self.push_run(offset, 1);
    }

    /// Appends a run behind the last.
    pub fn push_run(&mut self, first: i64, count: i64) {
        match self.runs.last_mut() {
            _ if count <= 0 => {}
            Some((start, known)) if *start + *known == first => *known += count,
            _ => self.runs.push((first, count)),
        }
    }

    /// Returns the runs: (first offset, how many).
    pub fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.runs.iter().copied()
    }

    /// Returns how many offsets are listed.
    pub fn count(&self) -> i64 {
        self.runs.iter().map(|(_, count)| count).sum()
    }

    /// Returns the offset of the `index`th record.
    pub fn get(&self, index: i64) -> Option<i64> {
        let mut before = 0;
        for (first, count) in self.iter() {
            if index < before + count {
                return Some(first + index - before);
            }
            before += count;
        }
        None
    }

    /// Takes the first `count` offsets off.
    pub fn take_front(&mut self, count: i64) -> Self {
        let mut taken = Self::default();
        let mut rest = Self::default();
        for (first, length) in self.iter() {
            let wanted = (count - taken.count()).clamp(0, length);
            taken.push_run(first, wanted);
            rest.push_run(first + wanted, length - wanted);
        }
        *self = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_kept_as_few_runs_and_come_back_one_by_one() {
        let mut runs = OffsetRuns::default();
        [3, 4, 5, 9, 10, 20].into_iter().for_each(|offset| runs.push(offset));
        assert_eq!(runs.iter().collect::<Vec<_>>(), [(3, 3), (9, 2), (20, 1)]);
        let offsets: Vec<i64> = (0..).map_while(|index| runs.get(index)).collect();
        assert_eq!(offsets, [3, 4, 5, 9, 10, 20]);
        let front = runs.take_front(4);
        assert_eq!(front.iter().collect::<Vec<_>>(), [(3, 3), (9, 1)]);
        assert_eq!(runs.iter().collect::<Vec<_>>(), [(10, 1), (20, 1)]);
        assert_eq!(runs.take_front(9).count(), 2);
        assert_eq!(runs.count(), 0);
    }
}

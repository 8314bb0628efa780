//! Counts, for a copier that promises less, what was lost, doubled, reordered, or never committed.

use std::collections::HashMap;

/// Says how a copy differs from what was to be copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Records that were to be copied.
    pub wanted: usize,
    /// Of these, how many are not there.
    pub lost: usize,
    /// Copies too many.
    pub doubled: usize,
    /// Records whose first copy stands behind that of a later one.
    pub reordered: usize,
    /// Copies of records that were never committed.
    pub aborted: usize,
}

impl std::ops::AddAssign for Difference {
    fn add_assign(&mut self, other: Self) {
        self.wanted += other.wanted;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.aborted += other.aborted;
    }
}

/// Compares a partition's records by what identifies them; one that the source holds twice may come twice.
pub fn compare(wanted: &[Vec<u8>], found: &[Vec<u8>]) -> Difference {
    let mut difference = Difference { wanted: wanted.len(), ..Difference::default() };
    // By record: its first place, how often it is wanted, how often it was found.
    let mut known: HashMap<&[u8], (usize, usize, usize)> = HashMap::new();
    for (place, record) in wanted.iter().enumerate() {
        known.entry(record).or_insert((place, 0, 0)).1 += 1;
    }
    let mut furthest = 0;
    for record in found {
        let Some((place, due, seen)) = known.get_mut(record.as_slice()) else {
            difference.aborted += 1;
            continue;
        };
        *seen += 1;
        difference.doubled += usize::from(seen > due);
        if *seen == 1 {
            difference.reordered += usize::from(*place < furthest);
            furthest = furthest.max(*place);
        }
    }
    difference.lost = known.values().map(|(_, due, seen)| due.saturating_sub(*seen)).sum();
    difference
}

#[test]
fn every_kind_of_difference_is_counted_once() {
    let records = |letters: &str| letters.bytes().map(|letter| vec![letter]).collect::<Vec<_>>();
    let count = |wanted: &str, found: &str| {
        let Difference { lost, doubled, reordered, aborted, .. } = compare(&records(wanted), &records(found));
        [lost, doubled, reordered, aborted]
    };
    assert_eq!(count("abcd", "abcd"), [0; 4]);
    assert_eq!(count("abcd", "abd"), [1, 0, 0, 0]);
    assert_eq!(count("abcd", "abcbcd"), [0, 2, 0, 0], "a rewind doubles, and what it repeats is not late");
    assert_eq!(count("abcd", "acbd"), [0, 0, 1, 0]);
    assert_eq!(count("abcd", "axbycd"), [0, 0, 0, 2]);
    assert_eq!(count("aabb", "aab"), [1, 0, 0, 0], "what the source has twice is wanted twice");
}

//! Which brokers a partition's replicas are to be on, where their number is wrong.

use std::collections::{BTreeMap, BTreeSet};

/// Picks brokers for `wanted` replicas of a partition and counts them in `load`. What is there stays as far
/// as it can, the preferred leader always. A new replica goes to a rack that has none, then to the broker
/// with fewest replicas, then to the lowest id; one too many is taken from the broker with most, of a rack
/// that has several where there is one. `None` where fewer brokers run than replicas are wanted.
pub fn replicas(
    current: &[i32],
    wanted: usize,
    brokers: &BTreeMap<i32, Option<String>>,
    load: &mut BTreeMap<i32, usize>,
) -> Option<Vec<i32>> {
    if wanted > brokers.len() {
        return None;
    }
    // A broker that does not run is no place for a replica that has to be copied from.
    let mut chosen: Vec<i32> = current.to_vec();
    while chosen.len() > wanted {
        let gone = surplus(&chosen, brokers, load)?;
        chosen.retain(|id| *id != gone);
        load.entry(gone).and_modify(|count| *count = count.saturating_sub(1));
    }
    while chosen.len() < wanted {
        let racks = racks_of(&chosen, brokers);
        let free = brokers.iter().filter(|(id, _)| !chosen.contains(id));
        let (id, _) = free.min_by_key(|(id, rack)| {
            let is_rack_taken = rack.as_ref().is_some_and(|rack| racks.contains(rack));
            (is_rack_taken, load.get(id).copied().unwrap_or(0), **id)
        })?;
        *load.entry(*id).or_default() += 1;
        chosen.push(*id);
    }
    Some(chosen)
}

fn racks_of<'a>(ids: &[i32], brokers: &'a BTreeMap<i32, Option<String>>) -> BTreeSet<&'a String> {
    ids.iter().filter_map(|id| brokers.get(id)?.as_ref()).collect()
}

/// Picks the replica to take away: never the preferred leader; first one whose broker does not run.
fn surplus(
    chosen: &[i32],
    brokers: &BTreeMap<i32, Option<String>>,
    load: &BTreeMap<i32, usize>,
) -> Option<i32> {
    let shares_rack = |id: &i32| {
        let rack = brokers.get(id).and_then(Option::as_ref);
        rack.is_some()
            && chosen.iter().any(|other| other != id && brokers.get(other).and_then(Option::as_ref) == rack)
    };
    chosen.iter().skip(1).copied().max_by_key(|id| {
        let is_gone = !brokers.contains_key(id);
        (is_gone, shares_rack(id), load.get(id).copied().unwrap_or(0), *id)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn brokers(racks: &[(i32, &str)]) -> BTreeMap<i32, Option<String>> {
        let rack = |rack: &str| (!rack.is_empty()).then(|| rack.to_owned());
        racks.iter().map(|(id, name)| (*id, rack(name))).collect()
    }

    #[test]
    fn a_new_replica_goes_where_no_rack_and_least_load_is() {
        let brokers = brokers(&[(1, "a"), (2, "a"), (3, "b"), (4, "c")]);
        let mut load = BTreeMap::from([(1, 5), (2, 0), (3, 7), (4, 3)]);
        assert_eq!(replicas(&[1], 3, &brokers, &mut load), Some(vec![1, 4, 3]));
        assert_eq!(load, BTreeMap::from([(1, 5), (2, 0), (3, 8), (4, 4)]));
        assert_eq!(replicas(&[1], 5, &brokers, &mut load), None);
    }

    #[test]
    fn one_too_many_is_taken_away_but_never_the_preferred_leader() {
        let one_rack = brokers(&[(1, ""), (2, ""), (3, "")]);
        let mut load = BTreeMap::from([(1, 9), (2, 1), (3, 2)]);
        assert_eq!(replicas(&[1, 2, 3], 2, &one_rack, &mut load), Some(vec![1, 2]));
        assert_eq!(replicas(&[3, 1], 1, &one_rack, &mut load), Some(vec![3]));
        // 9 does not run; 2 and 3 share a rack.
        let racks = brokers(&[(1, "a"), (2, "b"), (3, "b")]);
        assert_eq!(replicas(&[1, 9, 2, 3], 3, &racks, &mut load), Some(vec![1, 2, 3]));
        let mut load = BTreeMap::from([(1, 1), (2, 1), (3, 1)]);
        assert_eq!(replicas(&[1, 2, 3], 2, &racks, &mut load), Some(vec![1, 2]));
    }

    #[test]
    fn new_replicas_spread() {
        let brokers = brokers(&[(1, ""), (2, ""), (3, ""), (4, "")]);
        let mut load: BTreeMap<i32, usize> = BTreeMap::new();
        for _ in 0..12 {
            replicas(&[1], 2, &brokers, &mut load).unwrap();
        }
        assert_eq!(load, BTreeMap::from([(2, 4), (3, 4), (4, 4)]));
    }
}

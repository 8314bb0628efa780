//! What the application processed, left out, and processed again.

use std::collections::HashMap;

use super::logs::Places;
use super::{Findings, RecordId};
use crate::drill::evidence::{Evidence, Fate, Region};

/// Looks at what was processed.
pub(super) fn look_at(evidence: &Evidence, places: &Places, findings: &mut Findings) {
    let mut times: HashMap<RecordId, u64> = HashMap::new();
    for processed in &evidence.processed {
        let id = (processed.partition, processed.number);
        let times = times.entry(id).or_default();
        *times += 1;
        if *times < 2 {
            continue;
        }
        findings.reprocessed += 1;
        let switch = evidence.switches.get(&processed.leg);
        let resumed = switch.and_then(|switch| switch.resumed.get(&processed.partition));
        let place = places.get(processed.leg.region(), id);
        if resumed.zip(place).is_some_and(|(resumed, place)| place < *resumed) {
            findings.reprocessed_before.push(id);
        }
    }
    for sent in &evidence.sent {
        let id = (sent.partition, sent.number);
        let is_acknowledged = matches!(sent.fate, Fate::Acknowledged { .. });
        // What compaction took meanwhile nobody could process any more.
        let could_be_read = places.get(Region::Target, id).is_some()
            && !places.is_superseded(Region::Target, id)
            && !places.is_superseded(Region::Source, id);
        if is_acknowledged && could_be_read && !times.contains_key(&id) {
            findings.skipped.push(id);
        }
    }
    findings.skipped.sort_unstable();
    for (leg, switch) in &evidence.switches {
        let there = evidence.processed.iter().filter(|processed| processed.leg == *leg);
        if let Some(first) = there.map(|processed| processed.at).min() {
            findings.recovered_after.insert(*leg, first.saturating_sub(switch.began));
        }
    }
}

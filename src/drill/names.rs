//! The names of what a drill makes at the clusters, and whether a drill that made something is over. A drill
//! touches nothing that does not bear its names.

use std::fmt;

use crate::types::TopicName;

/// What the names of topics, groups and transactional ids begin with.
pub const PREFIX: &str = "strait-drill-";
/// What the names of flows begin with; their state topics and groups are `strait.` and that.
const FLOW_PREFIX: &str = "drill-";
/// What the names of a flow's state topic and group begin with.
const STATE_PREFIX: &str = "strait.drill-";
/// What the name of the flow back ends with, beside its state topic.
const BACK: &str = "-back";

/// Identifies a drill by who runs it, and until when it runs at most: what it left behind can be told from
/// what is in use, by name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DrillId {
    /// When it is over at the latest, in seconds since 1970.
    pub over_by: u32,
    /// A number made from the machine's name.
    pub machine: u16,
    /// The process.
    pub pid: u32,
    /// Chance, so that no two drills of a process have one id.
    pub mark: u16,
}

impl fmt::Display for DrillId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:04x}-{:x}-{:04x}", self.over_by, self.machine, self.pid, self.mark)
    }
}

impl DrillId {
    /// Reads an id at the beginning of a text; what follows it begins with `-`, or there is nothing.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let mut parts = text.splitn(5, '-');
        let mut hex = |digits: Option<usize>| {
            let part = parts.next()?;
            let is_hex = part.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            let fits = digits.is_none_or(|digits| part.len() == digits);
            (is_hex && fits).then(|| u32::from_str_radix(part, 16).ok()).flatten()
        };
        let over_by = hex(Some(8))?;
        let machine = u16::try_from(hex(Some(4))?).ok()?;
        let pid = hex(None)?;
        let mark = u16::try_from(hex(Some(4))?).ok()?;
        Some((Self { over_by, machine, pid, mark }, parts.next().unwrap_or_default()))
    }

    /// Reads the id of the drill that a topic or a group belongs to; `None` where it is not a drill's.
    pub fn of_name(name: &str) -> Option<Self> {
        let ends: (&str, &[&str]) = match (name.strip_prefix(PREFIX), name.strip_prefix(STATE_PREFIX)) {
            (Some(rest), _) => (rest, &["orders", "billing"]),
            (None, Some(rest)) => (rest, &["", "back"]),
            (None, None) => return None,
        };
        let (id, end) = Self::parse(ends.0)?;
        ends.1.contains(&end).then_some(id)
    }

    /// Says whether the drill is over: its time is, or it ran on this machine and its process is gone.
    pub fn is_over(&self, now: u32, machine: u16, is_alive: impl Fn(u32) -> bool) -> bool {
        self.over_by < now || (self.machine == machine && !is_alive(self.pid))
    }

    /// Returns the topic's name.
    pub fn topic(&self) -> TopicName {
        TopicName::new(format!("{PREFIX}{self}-orders"))
    }

    /// Returns the consumer group's name.
    pub fn group(&self) -> String {
        format!("{PREFIX}{self}-billing")
    }

    /// Returns the transactional id the application writes with.
    pub fn transactional_id(&self) -> String {
        format!("{PREFIX}{self}-writer")
    }

    /// Returns the flow's name.
    pub fn flow(&self) -> String {
        format!("{FLOW_PREFIX}{self}")
    }

    /// Lists the topics it may make, at either end.
    pub fn topics(&self) -> [TopicName; 3] {
        let state = format!("{STATE_PREFIX}{self}");
        [self.topic(), TopicName::new(format!("{state}{BACK}")), TopicName::new(state)]
    }

    /// Lists the groups it may make, at either end.
    pub fn groups(&self) -> [String; 3] {
        let state = format!("{STATE_PREFIX}{self}");
        [self.group(), format!("{state}{BACK}"), state]
    }
}

/// Makes a number from a machine's name (FNV-1a, folded).
pub fn machine_number(name: &str) -> u16 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811C_9DC5, step);
    let [a, b, c, d] = hash.to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const ID: DrillId = DrillId { over_by: 0x6792_A1B0, machine: 0xBEEF, pid: 4711, mark: 7 };

    #[test]
    fn g10_only_a_drills_own_names_are_taken_for_its_own() {
        for name in ID.topics().map(|topic| topic.to_string()).into_iter().chain(ID.groups()) {
            assert_eq!(DrillId::of_name(&name), Some(ID), "{name}");
        }
        assert_eq!(ID.topic().as_str(), "strait-drill-6792a1b0-beef-1267-0007-orders");
        for name in [
            "orders",
            "strait.us-eu",
            "strait-drill-orders",
            "strait-drill-6792a1b0-beef-1267-0007",
            "strait-drill-6792a1b0-beef-1267-0007-orders-of-mine",
            "strait-drill-6792A1B0-beef-1267-0007-orders",
            "strait-drill-6792a1b0-beef-1267-7-orders",
            "strait.drill-6792a1b0-beef-1267-0007-orders",
            "strait.drill-nightly",
            "us.strait-drill-6792a1b0-beef-1267-0007-orders",
        ] {
            assert_eq!(DrillId::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_drill_is_over_when_its_time_is_or_its_process_is_gone() {
        let (before, after) = (ID.over_by - 1, ID.over_by + 1);
        let is_over = |now, machine, alive| ID.is_over(now, machine, |pid| pid == ID.pid && alive);
        assert!(!is_over(before, ID.machine, true));
        assert!(is_over(before, ID.machine, false), "killed");
        assert!(!is_over(before, 1, false), "nobody can see the processes of another machine");
        assert!(is_over(after, 1, false));
        assert!(is_over(after, ID.machine, true), "another process may have its number by now");
    }

    #[test]
    fn machines_of_a_pool_have_different_numbers() {
        let numbers: std::collections::HashSet<u16> =
            (0..100).map(|number| machine_number(&format!("runner-{number}"))).collect();
        assert!(numbers.len() > 95, "{}", numbers.len());
    }
}

//! How long a change of region took, in its parts.

use std::time::Duration;

use serde::Serialize;

use super::thousandths;
use crate::drill::evidence::{Leg, Switch};

/// Says what each field of a change holds; docs/json.md is made from here.
pub const FIELDS: &[(&str, &str)] = &[
    ("leg", "where the change led: `away` (failover) or `back` (failback)"),
    (
        "total_seconds",
        "from the loss of the region, or from when its writers had stopped, until the application processed the first \
         record in the other one; the sum of the parts",
    ),
    ("detect_seconds", "until the application saw that its region is gone; null for a planned change"),
    ("session_seconds", "waited until the group's old members counted as gone"),
    ("move_seconds", "the rest until the flow had ended and the group's offsets were in place"),
    ("first_record_seconds", "from then on until the first record was processed"),
];

/// Holds how long one change took; what did not come to pass is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recovery {
    /// Where it led.
    pub leg: &'static str,
    /// All of it.
    pub total_seconds: Option<f64>,
    /// Until the application saw it.
    pub detect_seconds: Option<f64>,
    /// Waited for old members.
    pub session_seconds: Option<f64>,
    /// The rest until the offsets were in place.
    pub move_seconds: Option<f64>,
    /// From then on until the first record was processed.
    pub first_record_seconds: Option<f64>,
}

impl Recovery {
    /// Takes a change apart; `recovered` is how long after its beginning the first record was processed.
    pub fn new(leg: Leg, switch: &Switch, recovered: Option<Duration>) -> Self {
        let detect = switch.detected.and_then(|at| at.checked_sub(switch.began));
        let moved = moved_after(switch);
        let session = moved.map(|_| switch.session);
        let rest = moved.and_then(|moved| moved.checked_sub(detect.unwrap_or_default() + switch.session));
        let first = recovered.zip(moved).and_then(|(recovered, moved)| recovered.checked_sub(moved));
        let seconds = |time: Option<Duration>| time.map(thousandths);
        Self {
            leg: leg.word(),
            total_seconds: seconds(recovered),
            detect_seconds: seconds(detect),
            session_seconds: seconds(session),
            move_seconds: seconds(rest),
            first_record_seconds: seconds(first),
        }
    }

    /// Returns the parts in the order of time, each with its name.
    pub(super) fn parts(&self) -> [(&'static str, Option<f64>); 4] {
        [
            ("detect", self.detect_seconds),
            ("session", self.session_seconds),
            ("move", self.move_seconds),
            ("first record", self.first_record_seconds),
        ]
    }
}

/// Returns how long after its beginning a change had the offsets in place; `None` where it never had.
pub(super) fn moved_after(switch: &Switch) -> Option<Duration> {
    // A change that broke off bears no time of this step.
    switch.moved.checked_sub(switch.began).filter(|_| !switch.moved.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn g11_the_parts_make_the_whole_and_what_never_was_is_unknown() {
        let switch = Switch {
            began: at(10_000),
            detected: Some(at(10_500)),
            moved: at(14_000),
            session: at(3_000),
            ..Switch::default()
        };
        let whole = Recovery::new(Leg::Back, &switch, Some(at(4_250)));
        let parts: Vec<Option<f64>> = whole.parts().into_iter().map(|(_, seconds)| seconds).collect();
        assert_eq!(parts, [Some(0.5), Some(3.0), Some(0.5), Some(0.25)]);
        assert_eq!(whole.total_seconds, Some(4.25));
        let broken = Switch { began: at(10_000), ..Switch::default() };
        let broken = Recovery::new(Leg::Away, &broken, None);
        assert!(broken.parts().iter().all(|(_, seconds)| seconds.is_none()), "{broken:?}");
        let planned = Switch { began: at(10_000), moved: at(12_000), ..Switch::default() };
        let planned = Recovery::new(Leg::Away, &planned, None);
        assert_eq!((planned.detect_seconds, planned.move_seconds), (None, Some(2.0)));
        assert_eq!((planned.first_record_seconds, planned.total_seconds), (None, None));
    }
}

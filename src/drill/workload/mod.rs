//! The application of a drill: a producer of numbered records, and a consumer group that commits as it
//! processes. Both are librdkafka, as in most applications, and know nothing of Strait.

mod consume;
mod produce;
mod transact;

use std::time::Duration;

use rdkafka::ClientConfig;

pub(super) use self::consume::consume;
pub(super) use self::produce::produce;
pub(super) use self::transact::produce_in_transactions;
use super::evidence::Leg;

/// How often records are handed to the producer.
const TICK: Duration = Duration::from_millis(10);
/// How long answers are waited for when the producer ends.
const ANSWERS_PATIENCE: Duration = Duration::from_secs(10);
/// How long the group waits for a member that says nothing.
pub const SESSION_TIMEOUT: Duration = Duration::from_secs(6);
/// What stands before a record's number in its value.
const NUMBER: &str = "\"number\":";

/// Says what the application does, wherever it runs.
#[derive(Clone, Debug)]
pub struct Work {
    /// The topic.
    pub topic: String,
    /// Its partitions.
    pub partitions: i32,
    /// The consumer group.
    pub group: String,
    /// Records sent per second.
    pub rate: u32,
    /// Bytes of each record's value, at least.
    pub size: usize,
    /// The transactional id to write with; `None` writes without transactions.
    pub transactional_id: Option<String>,
    /// How many keys each partition has; `None` gives each record its own.
    pub keys: Option<u64>,
}

/// Says where the application runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// The leg of the drill, which tells the region.
    pub leg: Leg,
    /// How its brokers are reached.
    pub client: ClientConfig,
}

/// Says how a part of the application ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It finishes what it began.
    Finish,
    /// It is torn away: what has no answer by now gets none.
    TearAway,
}

/// Returns a record's key and value.
fn record(work: &Work, partition: i32, number: u64) -> (String, String) {
    let key = work.keys.map_or(number, |keys| number % keys);
    let mut value = format!("{{\"partition\":{partition},{NUMBER}{number}}}");
    let padding = work.size.saturating_sub(value.len());
    value.extend(std::iter::repeat_n(' ', padding));
    (format!("order-{partition}-{key}"), value)
}

/// Returns the number in a record's value; `None` where the application did not write it.
pub(super) fn number_of(value: Option<&[u8]>) -> Option<u64> {
    let digits = std::str::from_utf8(value?).ok()?.split_once(NUMBER)?.1;
    digits.split_once('}')?.0.parse().ok()
}

#[cfg(test)]
pub(super) fn work_for_tests() -> Work {
    Work {
        topic: "orders".to_owned(),
        partitions: 1,
        group: "billing".to_owned(),
        rate: 1,
        size: 200,
        transactional_id: None,
        keys: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_its_number_and_has_its_size() {
        let (key, value) = record(&work_for_tests(), 3, 4711);
        assert_eq!(key, "order-3-4711");
        assert_eq!((number_of(Some(value.as_bytes())), value.len()), (Some(4711), 200));
        let few_keys = Work { keys: Some(100), size: 0, ..work_for_tests() };
        let (key, value) = record(&few_keys, 3, 4711);
        assert_eq!((key.as_str(), number_of(Some(value.as_bytes()))), ("order-3-11", Some(4711)));
        assert_eq!(number_of(Some(b"yesterday")), None);
        assert_eq!(number_of(None), None);
    }
}

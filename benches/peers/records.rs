//! The records: JSON as applications write it, with the entropy of real identifiers and amounts.

use std::fmt::Write;

use crate::harness::records::Seeded;
use crate::options::Workload;

const STATUSES: [&str; 6] = ["placed", "paid", "packed", "shipped", "delivered", "returned"];
const CURRENCIES: [&str; 4] = ["EUR", "USD", "GBP", "JPY"];
const CITIES: [&str; 12] = [
    "Hamburg", "Lyon", "Porto", "Krakow", "Utrecht", "Bergen", "Tampere", "Gdansk", "Sevilla", "Graz",
    "Leeds", "Cork",
];
const STREETS: [&str; 8] = ["Harbour", "Station", "Mill", "Church", "Castle", "Park", "Bridge", "Market"];
const GOODS: [&str; 16] = [
    "walnut desk",
    "reading lamp",
    "linen curtain",
    "oak shelf",
    "wool blanket",
    "copper kettle",
    "garden chair",
    "steel bowl",
    "paper lantern",
    "cork board",
    "glass vase",
    "tea towel",
    "candle holder",
    "storage box",
    "wall clock",
    "door mat",
];

/// Makes records one after another, the same ones for the same seed.
pub struct Generator {
    random: Seeded,
    small: bool,
    number: u64,
    now_ms: i64,
    /// The current record's key.
    pub key: String,
    /// The current record's value.
    pub value: String,
}

impl Generator {
    /// Starts from a seed; times begin at `now_ms`.
    pub fn new(workload: Workload, seed: u64, now_ms: i64) -> Self {
        let (key, value) = (String::with_capacity(32), String::with_capacity(640));
        Self { random: Seeded::new(seed), small: workload == Workload::Small, number: 0, now_ms, key, value }
    }

    /// Makes the next record in place of the current one.
    pub fn advance(&mut self) {
        self.number += 1;
        self.now_ms += i64::from(self.number.is_multiple_of(8));
        self.key.clear();
        self.value.clear();
        let written = if self.small { self.reading() } else { self.order() };
        written.expect("writing to a String does not fail");
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.random.below(words.len())]
    }

    /// About 100 bytes: what a sensor says.
    fn reading(&mut self) -> std::fmt::Result {
        let bits = self.random.next_u64();
        let device = bits % 50_000;
        write!(self.key, "sensor-{device:05}")?;
        write!(
            self.value,
            r#"{{"device":"sensor-{device:05}","seq":{},"at":{},"temp":{}.{:02},"hum":{},"ok":{}}}"#,
            self.number,
            self.now_ms,
            15 + (bits >> 20) % 15,
            (bits >> 26) % 100,
            30 + (bits >> 34) % 50,
            !(bits >> 42).is_multiple_of(64),
        )
    }

    /// About 450 bytes: an order with its lines.
    fn order(&mut self) -> std::fmt::Result {
        let id = self.random.next_u64();
        let more = self.random.next_u64();
        let customer = more % 2_000_000;
        write!(self.key, "customer-{customer:07}")?;
        let (status, currency) = (self.pick(&STATUSES), self.pick(&CURRENCIES));
        write!(
            self.value,
            r#"{{"order_id":"{id:016x}","customer_id":{customer},"created_at":{},"status":"{status}","currency":"{currency}","items":["#,
            self.now_ms
        )?;
        let lines = 2 + more % 2;
        for line in 0..lines {
            let bits = self.random.next_u64();
            let name = self.pick(&GOODS);
            let separator = if line == 0 { "" } else { "," };
            write!(
                self.value,
                r#"{separator}{{"sku":"{:08X}","name":"{name}","quantity":{},"unit_price":{}.{:02}}}"#,
                bits & 0xFFFF_FFFF,
                1 + (bits >> 32) % 9,
                1 + (bits >> 40) % 400,
                (bits >> 50) % 100,
            )?;
        }
        let (street, city) = (self.pick(&STREETS), self.pick(&CITIES));
        let bits = self.random.next_u64();
        write!(
            self.value,
            r#"],"ship_to":{{"street":"{} {street} Street","city":"{city}","postal_code":"{:05}"}},"session":"{:016x}","total":{}.{:02}}}"#,
            1 + bits % 200,
            (bits >> 8) % 100_000,
            bits.rotate_left(29),
            10 + (bits >> 30) % 900,
            (bits >> 44) % 100,
        )
    }
}

//! A Kafka cluster inside the process, in memory: a test double and a demo, never offered as a broker.

pub mod groups;
pub mod transactions;

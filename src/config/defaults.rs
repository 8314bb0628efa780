//! What holds where `strait.toml` says nothing, and the bounds of what it may say.

/// Names Strait to the brokers.
pub const CLIENT_ID: &str = "strait";
/// Longest wait for connection, handshake and login.
pub const CONNECT_TIMEOUT: &str = "10s";
/// Longest wait for a response.
pub const REQUEST_TIMEOUT: &str = "30s";
/// Encryption and login of a cluster.
pub const SECURITY_PROTOCOL: &str = "PLAINTEXT";
/// The target's topic name.
pub const RENAME: &str = "{topic}";
/// Whose records are copied.
pub const ORIGIN: &str = "local";
/// Where a partition begins that was never copied.
pub const START: &str = "earliest";
/// What happens on a loss.
pub const ON_LOSS: &str = "stop";
/// The codec at the target.
pub const COMPRESSION: &str = "keep";
/// Bytes fetched and not yet acknowledged.
pub const MEMORY: &str = "256 MiB";
/// Data connections to each broker.
pub const CONNECTIONS_PER_BROKER: i64 = 2;
/// How often topics are looked for.
pub const DISCOVERY_INTERVAL: &str = "30s";
/// How often progress is kept.
pub const CHECKPOINT_INTERVAL: &str = "5s";
/// How long an operation is retried.
pub const RETRY_TIMEOUT: &str = "2m";
/// How long a stop may take.
pub const SHUTDOWN_TIMEOUT: &str = "30s";
/// How long a process that shares may be silent.
pub const SESSION_TIMEOUT: &str = "10s";

/// Least memory: below it the five batches in flight of a few partitions no longer fit.
pub const MEMORY_BYTES_MIN: u64 = 16 << 20;
/// Least memory for each connection to one broker: a few batches of the usual 1 MiB limit, coming and going.
pub const MEMORY_BYTES_PER_CONNECTION_MIN: u64 = 4 << 20;
/// Least bandwidth; less is a mistyped unit.
pub const BANDWIDTH_BYTES_PER_SECOND_MIN: u64 = 1 << 10;
/// Most connections to one broker.
pub const CONNECTIONS_PER_BROKER_MAX: i64 = 16;
/// Shortest duration for any key.
pub const DURATION_MIN: std::time::Duration = std::time::Duration::from_millis(10);
/// Longest duration for any key.
pub const DURATION_MAX: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);
/// Longest topic name a broker takes, in bytes (Kafka's `Topic.MAX_NAME_LENGTH`).
pub const TOPIC_NAME_BYTES_MAX: usize = 249;
/// Longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 4096;
/// Largest configuration file or secret file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// Deepest nesting of tables, arrays and dotted keys that is read.
pub const NESTING_MAX: usize = 64;

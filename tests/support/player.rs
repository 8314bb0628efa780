//! Plays requests to a cluster and writes down the answers, so that two clusters can be compared.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use kafka_protocol::messages::ApiVersionsRequest;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::protocol::{Request, StrBytes};
use regex::{Captures, Regex};

use super::raw::Raw;

/// Errors that only say that the coordinator or the topic is not ready yet.
const NOT_YET: [&str; 5] =
    ["error_code: 6,", "error_code: 14,", "error_code: 15,", "error_code: 16,", "error_code: 51,"];
const READY_LIMIT: Duration = Duration::from_secs(60);

/// Plays one scene to one cluster of one broker.
pub struct Player {
    address: SocketAddr,
    scene: String,
    connections: Vec<Raw>,
    names: Names,
    lines: Vec<String>,
}

/// Gives what clusters choose by themselves the same names everywhere.
#[derive(Default)]
struct Names {
    known: HashMap<String, String>,
    kinds: HashMap<&'static str, usize>,
}

impl Names {
    fn name(&mut self, kind: &'static str, value: &str) -> String {
        if let Some(name) = self.known.get(&format!("{kind}{value}")) {
            return name.clone();
        }
        let count = self.kinds.entry(kind).or_default();
        *count += 1;
        let name = format!("<{kind} {count}>");
        self.known.insert(format!("{kind}{value}"), name.clone());
        name
    }
}

fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

impl Player {
    /// Connects to a broker.
    pub fn new(address: SocketAddr, scene: &str) -> Self {
        let connections = vec![Raw::connect(address)];
        Self { address, scene: scene.to_owned(), connections, names: Names::default(), lines: Vec::new() }
    }

    /// Returns a name of this scene's own, for a topic, a group or a transactional id.
    pub fn own(&self, what: &str) -> StrBytes {
        StrBytes::from_string(format!("{}.{what}", self.scene))
    }

    /// Returns everything that was answered.
    pub fn transcript(self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// Opens another connection and returns its number.
    pub fn open(&mut self) -> usize {
        self.connections.push(Raw::connect(self.address));
        self.connections.len() - 1
    }

    /// Asks, again while the cluster is not ready, and writes the answer down.
    pub fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response
    where
        R::Response: std::fmt::Debug,
    {
        self.ask_on(0, version, request)
    }

    /// Asks on another connection.
    pub fn ask_on<R: Request>(&mut self, connection: usize, version: i16, request: &R) -> R::Response
    where
        R::Response: std::fmt::Debug,
    {
        let answer = self.quietly_on(connection, version, request);
        self.write::<R>(version, &answer);
        answer
    }

    /// Asks until the cluster is ready, and writes nothing down.
    pub fn quietly<R: Request>(&mut self, version: i16, request: &R) -> R::Response
    where
        R::Response: std::fmt::Debug,
    {
        self.quietly_on(0, version, request)
    }

    fn quietly_on<R: Request>(&mut self, connection: usize, version: i16, request: &R) -> R::Response
    where
        R::Response: std::fmt::Debug,
    {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let answer = self.connections[connection].ask(version, request);
            let text = format!("{answer:?}");
            if !NOT_YET.iter().any(|error| text.contains(error)) {
                return answer;
            }
            assert!(Instant::now() < deadline, "still not ready: {text}");
            pause();
        }
    }

    /// Asks, and puts an answer whose parts come in any order into one order before it is written down.
    pub fn ask_sorted<R: Request>(
        &mut self,
        version: i16,
        request: &R,
        sort: impl FnOnce(&mut R::Response),
    ) -> R::Response
    where
        R::Response: std::fmt::Debug,
    {
        let mut answer = self.quietly(version, request);
        sort(&mut answer);
        self.write::<R>(version, &answer);
        answer
    }

    /// Writes an answer down, with a line before it.
    pub fn write_fields(&mut self, line: &str, fields: &str) {
        let plain = self.name_all(fields);
        self.note(line);
        self.lines.extend(plain.split(", ").map(|field| format!("    {field}")));
    }

    /// Asks quietly until an answer meets a condition.
    pub fn until<R: Request>(&mut self, version: i16, request: &R, done: impl Fn(&R::Response) -> bool)
    where
        R::Response: std::fmt::Debug,
    {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let answer = self.connections[0].ask(version, request);
            if done(&answer) {
                return;
            }
            assert!(Instant::now() < deadline, "{}: still {answer:?}", self.scene);
            pause();
        }
    }

    /// Sends a request whose answer may have to wait.
    pub fn send<R: Request>(&mut self, connection: usize, version: i16, request: &R) {
        self.connections[connection].send(version, request);
    }

    /// Waits for that answer and writes it down.
    pub fn receive<R: Request>(&mut self, connection: usize, version: i16) -> R::Response
    where
        R::Response: std::fmt::Debug,
    {
        let answer = self.connections[connection].receive::<R>(version).expect("the connection was closed");
        self.write::<R>(version, &answer);
        answer
    }

    /// Waits for an answer and writes nothing down.
    pub fn hear<R: Request>(&mut self, connection: usize, version: i16) -> R::Response {
        self.connections[connection].receive::<R>(version).expect("the connection was closed")
    }

    /// Asks on another connection and writes nothing down.
    pub fn ask_quietly_on<R: Request>(&mut self, connection: usize, version: i16, request: &R) -> R::Response
    where
        R::Response: std::fmt::Debug,
    {
        self.quietly_on(connection, version, request)
    }

    /// Says whether the broker closes a connection of itself.
    pub fn ends(&mut self, connection: usize) -> bool {
        self.connections[connection].receive_frame().is_none()
    }

    /// Sends on a connection of its own what may make the broker close it, and writes down what happens.
    pub fn provoke<R: Request>(&mut self, version: i16, request: &R)
    where
        R::Response: std::fmt::Debug,
    {
        let connection = self.open();
        self.provoke_on(connection, version, request);
    }

    /// The same on a connection that is open.
    pub fn provoke_on<R: Request>(&mut self, connection: usize, version: i16, request: &R)
    where
        R::Response: std::fmt::Debug,
    {
        self.connections[connection].send(version, request);
        match self.connections[connection].receive::<R>(version) {
            Some(answer) => self.write::<R>(version, &answer),
            None => self.note(format!("{} v{version}: the connection is closed", name::<R>())),
        }
    }

    /// Sends bytes on a connection and returns whether the broker closes it without an answer.
    pub fn closes(&mut self, connection: usize, bytes: &[u8]) -> bool {
        self.frame(connection, bytes).is_none()
    }

    /// Sends bytes on a connection and returns what comes back.
    pub fn frame(&mut self, connection: usize, bytes: &[u8]) -> Option<bytes::Bytes> {
        self.connections[connection].send_frame(bytes);
        self.connections[connection].receive_frame()
    }

    /// Writes a line down.
    pub fn note(&mut self, line: impl Into<String>) {
        let line = self.name_all(&line.into());
        self.lines.push(line);
    }

    /// Returns the versions of each kind of request this cluster serves.
    pub fn served(&self) -> Vec<ApiVersion> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("raw"))
            .with_client_software_version(StrBytes::from_static_str("1"));
        self.connections[0].ask(3, &request).api_keys
    }

    fn write<R: Request>(&mut self, version: i16, answer: &R::Response)
    where
        R::Response: std::fmt::Debug,
    {
        let plain = self.name_all(&format!("{answer:?}"));
        self.lines.push(format!("{} v{version}", name::<R>()));
        // One field to a line, so that a difference shows where it is.
        self.lines.extend(plain.split(", ").map(|field| format!("    {field}")));
    }

    /// Leaves out what no protocol fixes, and names what a cluster chose.
    fn name_all(&mut self, text: &str) -> String {
        static LEFT_OUT: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r#"(, )?(throttle_time_ms: -?\d+|unknown_tagged_fields: \{\}|(batch_index_)?error_message: (None|Some\("([^"\\]|\\.)*"\)))"#,
            )
        });
        static UUID: LazyLock<Regex> =
            LazyLock::new(|| regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));
        static PRODUCER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:ProducerId\(|producer_id: )(\d+)\)?"));
        static TIME: LazyLock<Regex> = LazyLock::new(|| regex(r"\b1[789]\d{11}\b"));
        static PORT: LazyLock<Regex> = LazyLock::new(|| regex(r"port: \d+"));
        let names = &mut self.names;
        let text = LEFT_OUT.replace_all(text, "");
        let text = UUID.replace_all(&text, |found: &Captures<'_>| {
            if found[0].bytes().all(|byte| matches!(byte, b'0' | b'-')) {
                "<no id>".to_owned()
            } else {
                names.name("id", &found[0])
            }
        });
        let text = PRODUCER.replace_all(&text, |found: &Captures<'_>| {
            format!("producer_id: {}", names.name("producer", &found[1]))
        });
        let text = TIME.replace_all(&text, "<time>");
        PORT.replace_all(&text, "port: <port>").replace("{ , ", "{ ")
    }
}

/// Waits a moment between two looks at a condition that has a deadline.
#[allow(clippy::disallowed_methods, reason = "the condition that is waited for is looked at in between")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

fn name<R: Request>() -> &'static str {
    let full = std::any::type_name::<R>();
    full.rsplit("::").next().unwrap_or(full)
}

//! What handling a request leads to: an answer now, one later, or none.

use kafka_protocol::error::ResponseError;
use kafka_protocol::protocol::{Request, StrBytes};
use tokio::time::Instant;

use super::permissions::Need;
use super::sasl::Login;
use super::state::State;

/// Says what becomes of a request.
pub enum Answer<R> {
    /// It is answered.
    Now(R),
    /// It is answered when something has happened, or a time has come.
    Later(Waiting<R>),
    /// It gets no answer (Produce with `acks=0`).
    Silent,
    /// The connection is closed, as brokers do with what they cannot read.
    Close,
}

/// Looks whether there is an answer by now; the flag says that it is wanted in any case.
pub type Poll<R> = Box<dyn FnMut(&mut State, bool) -> Option<R> + Send>;

/// Holds what an answer waits for.
pub struct Waiting<R> {
    /// When it is answered at the latest.
    pub deadline: Instant,
    /// Looks at the cluster after every change; the flag says that the deadline has come, and then
    /// there must be an answer.
    pub poll: Poll<R>,
}

/// Says who asks, where, and in which version.
pub struct Context<'a> {
    /// The cluster.
    pub state: &'a mut State,
    /// The broker that was asked.
    pub broker: i32,
    /// The version the request is written in; its answer takes the same.
    pub version: i16,
    /// Who asks.
    pub client: &'a mut Client,
    /// The time waits run on.
    pub now: Instant,
    /// What is to go wrong inside the answer.
    pub fault: Option<Inside>,
}

/// Says what goes wrong inside an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Every partition has this error, though the answer as a whole has none.
    Partitions(ResponseError),
    /// A bit of the records is wrong.
    Corrupt,
}

/// Holds what a broker knows about one connection.
#[derive(Debug)]
pub struct Client {
    /// Tells connections apart.
    pub connection: u64,
    /// The name the client gave itself in the request at hand.
    pub client_id: Option<StrBytes>,
    /// Where it connects from.
    pub host: String,
    /// Who it is, as `User:name`.
    pub principal: String,
    /// How far its login is.
    pub login: Login,
    /// Whether it logged in.
    pub is_known: bool,
    /// Whether it tried and failed: the connection ends with the answer.
    pub is_refused: bool,
}

/// Handles one kind of request.
pub trait Api: Request {
    /// Whether handling it can change the cluster, so that what waits has to look again.
    const CHANGES: bool = true;

    /// Names the topics it is about, for scripted faults and authorization.
    fn topics(&self) -> Vec<StrBytes> {
        Vec::new()
    }

    /// Names the topics it is about where that takes the cluster to know: ids, and sessions.
    fn topics_in(&self, _: &State, _: i32) -> Vec<String> {
        self.topics().iter().map(ToString::to_string).collect()
    }

    /// Lists the leave it needs, beside that for its topics.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    /// Answers that nothing it asks for is done, for one reason.
    fn refusal(&self, error: ResponseError) -> Self::Response;

    /// Does what it asks for.
    fn handle(self, cx: &mut Context<'_>) -> Answer<Self::Response>;
}

/// Returns the protocol's number of an outcome; 0 is success.
pub fn code_of<T>(outcome: &Result<T, ResponseError>) -> i16 {
    outcome.as_ref().err().map_or(0, ResponseError::code)
}

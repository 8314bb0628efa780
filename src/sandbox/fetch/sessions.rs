//! Fetch sessions (KIP-227): a broker remembers what a client reads, and answers only with what is
//! new.

use std::collections::BTreeMap;

use kafka_protocol::error::ResponseError;
use uuid::Uuid;

use super::{Found, Wanted};

/// A request with this epoch ends its session, or has none.
const FINAL_EPOCH: i32 = -1;
/// A request with this epoch opens a session.
const INITIAL_EPOCH: i32 = 0;

/// Tells sessions apart: the broker and the number it gave.
pub type SessionId = (i32, i32);

type Place = (Uuid, String, i32);

/// Holds one session.
#[derive(Debug)]
struct Session {
    /// The epoch the next request must have.
    epoch: i32,
    /// Whether it names topics by id.
    by_id: bool,
    /// In the order in which they are read; one that gave records goes to the end.
    partitions: Vec<Remembered>,
    /// When it was used last, counted in requests.
    used: u64,
}

#[derive(Debug)]
struct Remembered {
    wanted: Wanted,
    /// What the client was told last.
    high_watermark: i64,
    log_start: i64,
}

/// Holds the sessions of all brokers.
#[derive(Debug, Default)]
pub struct FetchSessions {
    open: BTreeMap<SessionId, Session>,
    requests: u64,
}

/// Says what a request reads, and in which session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The partitions, in the order in which they are read.
    pub wanted: Vec<Wanted>,
    /// The session; `None` without one.
    pub session: Option<SessionId>,
    /// Whether only news is answered.
    pub incremental: bool,
}

/// Describes a request as far as sessions go.
pub struct Asked {
    /// The session's number; 0 for none.
    pub session_id: i32,
    /// Its epoch.
    pub epoch: i32,
    /// Whether topics are named by id.
    pub by_id: bool,
    /// Partitions it adds or changes.
    pub wanted: Vec<Wanted>,
    /// Partitions it no longer wants.
    pub forgotten: Vec<(Uuid, String, i32)>,
}

impl FetchSessions {
    /// Says what a request reads. A new session is opened by [`FetchSessions::keep`], after reading.
    pub fn open(&mut self, broker: i32, asked: Asked) -> Result<Opened, ResponseError> {
        let id = (broker, asked.session_id);
        self.requests += 1;
        if matches!(asked.epoch, FINAL_EPOCH | INITIAL_EPOCH) {
            self.open.remove(&id);
            return Ok(Opened { wanted: asked.wanted, session: None, incremental: false });
        }
        let session = self.open.get_mut(&id).ok_or(ResponseError::FetchSessionIdNotFound)?;
        if session.epoch != asked.epoch {
            return Err(ResponseError::InvalidFetchSessionEpoch);
        }
        if session.by_id != asked.by_id {
            return Err(ResponseError::FetchSessionTopicIdError);
        }
        session.used = self.requests;
        session.update(asked.wanted, &asked.forgotten);
        if session.partitions.is_empty() {
            self.open.remove(&id);
            return Ok(Opened { wanted: Vec::new(), session: None, incremental: false });
        }
        session.epoch = if asked.epoch == i32::MAX { 1 } else { asked.epoch + 1 };
        let wanted = session.partitions.iter().map(|partition| partition.wanted.clone()).collect();
        Ok(Opened { wanted, session: Some(id), incremental: true })
    }

    /// Opens a session for what was just read; the oldest makes room where there are `slots`
    /// already. Returns no session where there is no room at all.
    pub fn keep(
        &mut self,
        broker: i32,
        by_id: bool,
        slots: usize,
        told: impl Iterator<Item = (Wanted, i64, i64)>,
    ) -> Option<SessionId> {
        let own = self.open.iter().filter(|((of, _), _)| *of == broker);
        if slots == 0 {
            return None;
        }
        if own.clone().count() >= slots {
            let oldest = own.min_by_key(|(_, session)| session.used).map(|(id, _)| *id);
            self.open.remove(&oldest?);
        }
        self.requests += 1;
        let id = (broker, i32::try_from(self.requests % 0x7fff_fffe).unwrap_or(0) + 1);
        let partitions =
            told.map(|(wanted, high_watermark, log_start)| Remembered { wanted, high_watermark, log_start });
        let session = Session { epoch: 1, by_id, partitions: partitions.collect(), used: self.requests };
        self.open.insert(id, session);
        Some(id)
    }

    /// Says whether a partition's result is news to the client, and remembers that it is told.
    pub fn is_news(&mut self, id: SessionId, wanted: &Wanted, found: &Result<Found, ResponseError>) -> bool {
        let Some(session) = self.open.get_mut(&id) else { return true };
        let Some(at) = session.partitions.iter().position(|known| place(&known.wanted) == place(wanted))
        else {
            return true;
        };
        let known = &mut session.partitions[at];
        match found {
            Err(_) => {
                // The next success is news, whatever it is.
                known.high_watermark = -1;
                true
            }
            Ok(found) => {
                let told = (known.high_watermark, known.log_start);
                (known.high_watermark, known.log_start) = (found.high_watermark, found.log_start);
                let moved = told != (found.high_watermark, found.log_start);
                if !found.records.is_empty() {
                    let read = session.partitions.remove(at);
                    session.partitions.push(read);
                    return true;
                }
                moved || found.diverging.is_some()
            }
        }
    }

    /// Names the topics a session reads.
    pub fn topics(&self, id: SessionId) -> impl Iterator<Item = String> + '_ {
        let partitions = self.open.get(&id).into_iter().flat_map(|session| &session.partitions);
        partitions.map(|partition| partition.wanted.topic.clone())
    }

    /// Forgets a broker's sessions, because it went down.
    pub fn forget_broker(&mut self, broker: i32) {
        self.open.retain(|(of, _), _| *of != broker);
    }

    /// Counts the open sessions.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

impl Session {
    fn update(&mut self, wanted: Vec<Wanted>, forgotten: &[Place]) {
        for wanted in wanted {
            match self.partitions.iter_mut().find(|known| place(&known.wanted) == place(&wanted)) {
                Some(known) => known.wanted = wanted,
                // An impossible high watermark: the first answer is always news.
                None => self.partitions.push(Remembered { wanted, high_watermark: -1, log_start: -1 }),
            }
        }
        self.partitions.retain(|known| {
            let (id, topic, partition) = place(&known.wanted);
            !forgotten.iter().any(|gone| (gone.0, gone.1.as_str(), gone.2) == (id, topic, partition))
        });
    }
}

/// Identifies a partition: by its topic's id where there is one, else by name.
fn place(wanted: &Wanted) -> (Uuid, &str, i32) {
    let name = if wanted.topic_id.is_nil() { wanted.topic.as_str() } else { "" };
    (wanted.topic_id, name, wanted.partition)
}

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

    /// Says which results are news to the client, and remembers that they are told.
    ///
    /// Partitions that gave records go to the end, so that the others are read first next time.
    pub fn news(&mut self, id: SessionId, results: &[(&Wanted, Result<Found, ResponseError>)]) -> Vec<bool> {
        let Some(session) = self.open.get_mut(&id) else { return vec![true; results.len()] };
        let mut news = Vec::with_capacity(results.len());
        let mut read = Vec::new();
        for (at, (wanted, found)) in results.iter().enumerate() {
            // The order is that of reading, unless the client changed the session meanwhile.
            let known = session.partitions.get_mut(at).filter(|known| place(&known.wanted) == place(wanted));
            let Some(known) = known else {
                news.push(true);
                continue;
            };
            if found.as_ref().is_ok_and(|found| !found.records.is_empty()) {
                read.push(at);
            }
            news.push(known.learn(found));
        }
        let (mut rest, mut last) = (Vec::new(), Vec::new());
        for (at, partition) in std::mem::take(&mut session.partitions).into_iter().enumerate() {
            if read.binary_search(&at).is_ok() { last.push(partition) } else { rest.push(partition) }
        }
        rest.append(&mut last);
        session.partitions = rest;
        news
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

impl Remembered {
    /// Takes in what the client is told now; returns whether that is news.
    fn learn(&mut self, found: &Result<Found, ResponseError>) -> bool {
        let Ok(found) = found else {
            // The next success is news, whatever it is.
            self.high_watermark = -1;
            return true;
        };
        let told = (self.high_watermark, self.log_start);
        (self.high_watermark, self.log_start) = (found.high_watermark, found.log_start);
        told != (found.high_watermark, found.log_start)
            || !found.records.is_empty()
            || found.diverging.is_some()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::Bytes;

    use super::*;

    fn wanted(partition: i32) -> Wanted {
        Wanted {
            topic: "orders".to_owned(),
            topic_id: Uuid::nil(),
            partition,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            bytes_max: 1000,
        }
    }

    fn found(records: &'static [u8], high_watermark: i64) -> Result<Found, ResponseError> {
        Ok(Found {
            records: Bytes::from_static(records),
            high_watermark,
            last_stable: high_watermark,
            log_start: 0,
            aborted: None,
            diverging: None,
        })
    }

    fn asked(id: i32, epoch: i32, wanted: Vec<Wanted>, forgotten: &[i32]) -> Asked {
        let forgotten = forgotten.iter().map(|partition| (Uuid::nil(), "orders".to_owned(), *partition));
        Asked { session_id: id, epoch, by_id: false, wanted, forgotten: forgotten.collect() }
    }

    fn with_session(partitions: i32) -> (FetchSessions, i32) {
        let mut sessions = FetchSessions::default();
        let told = (0..partitions).map(|partition| (wanted(partition), 5, 0));
        let (_, id) = sessions.keep(1, false, 10, told).unwrap();
        (sessions, id)
    }

    fn order(opened: &Opened) -> Vec<i32> {
        opened.wanted.iter().map(|wanted| wanted.partition).collect()
    }

    #[test]
    fn only_news_is_told_and_what_gave_records_is_read_last() {
        let (mut sessions, id) = with_session(3);
        let opened = sessions.open(1, asked(id, 1, vec![], &[])).unwrap();
        assert_eq!((order(&opened), opened.incremental), (vec![0, 1, 2], true));
        let results: Vec<_> =
            opened.wanted.iter().zip([found(b"x", 6), found(b"", 5), found(b"", 7)]).collect();
        assert_eq!(sessions.news((1, id), &results), [true, false, true]);
        let opened = sessions.open(1, asked(id, 2, vec![], &[1])).unwrap();
        assert_eq!(order(&opened), [2, 0]);
        let error = Err(ResponseError::NotLeaderOrFollower);
        let results: Vec<_> = opened.wanted.iter().zip([error, found(b"", 6)]).collect();
        assert_eq!(sessions.news((1, id), &results), [true, false]);
        let results: Vec<_> = opened.wanted.iter().zip([found(b"", 7), found(b"", 6)]).collect();
        assert_eq!(sessions.news((1, id), &results), [true, false], "an error makes the next success news");
    }

    #[test]
    fn a_session_is_left_by_the_wrong_epoch_the_wrong_broker_and_the_end() {
        let (mut sessions, id) = with_session(1);
        let wrong = sessions.open(1, asked(id, 2, vec![], &[])).unwrap_err();
        assert_eq!(wrong, ResponseError::InvalidFetchSessionEpoch);
        let elsewhere = sessions.open(2, asked(id, 1, vec![], &[])).unwrap_err();
        assert_eq!(elsewhere, ResponseError::FetchSessionIdNotFound);
        let ended = sessions.open(1, asked(id, FINAL_EPOCH, vec![wanted(0)], &[])).unwrap();
        assert_eq!((ended.session, sessions.len()), (None, 0));
        let gone = sessions.open(1, asked(id, 1, vec![], &[])).unwrap_err();
        assert_eq!(gone, ResponseError::FetchSessionIdNotFound);
    }

    #[test]
    fn the_session_used_longest_ago_makes_room_and_an_empty_one_ends() {
        let mut sessions = FetchSessions::default();
        let mut open = || {
            let (_, id) = sessions.keep(1, false, 2, [(wanted(0), 5, 0)].into_iter()).unwrap();
            id
        };
        let (first, second, third) = (open(), open(), open());
        let gone = sessions.open(1, asked(first, 1, vec![], &[])).unwrap_err();
        assert_eq!(gone, ResponseError::FetchSessionIdNotFound);
        assert!(sessions.open(1, asked(third, 1, vec![], &[])).unwrap().incremental);
        let emptied = sessions.open(1, asked(second, 1, vec![], &[0])).unwrap();
        assert_eq!((emptied.session, sessions.len()), (None, 1));
    }
}

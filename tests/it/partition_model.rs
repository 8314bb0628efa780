//! One partition's state machine against a model of a broker: whatever is refused, lost or answered
//! late, the target's log ends up with the source's records, once and in order (guarantees G1-G3).
//!
//! The broker keeps Kafka's rules: the last five batches of a producer are known again, a sequence
//! that leaves a gap is refused, a producer that is not known may begin anywhere. Requests that left
//! before a connection broke may still be carried out after those of the next connection.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use proptest::prelude::*;
use strait::engine::intake::{Item, Taken};
use strait::engine::offset_map::Pair;
use strait::engine::partition::{FetchWish, Partition, Phase, Reaction, Room, SendOutcome, Sending};
use strait::kafka::batch::{BatchHeader, RawBatch};
use strait::kafka::buffers::MemoryBudget;
use strait::kafka::producer_ids::ProducerIdentity;
use strait::kafka::records::encode_pairs;
use strait::types::{SourceOffset, TargetOffset};

/// Most batches the broker knows again.
const KNOWN_AGAIN: usize = 5;

/// Room for all that a run fetches.
const ROOM: Room = Room { queued_bytes_max: 1 << 20, bytes_max: 1 << 20 };

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The copier fetches one more batch.
    Fetch,
    /// The copier sends what it may.
    Send,
    /// The broker carries out the oldest request of the newest connection and answers.
    Serve,
    /// It refuses the request without having written it.
    Refuse(Refusal),
    /// It writes and answers with an error all the same.
    WriteAndFail(Refusal),
    /// The connection breaks: what was sent may still be carried out, or not.
    Break,
    /// The oldest request of a broken connection is carried out at last.
    ServeLate,
    /// What was sent on broken connections is gone.
    Forget,
    /// Another broker leads.
    Move,
    /// Time passes.
    Wait(u16),
}

#[derive(Clone, Copy, Debug)]
enum Refusal {
    NotLeader,
    NotEnoughReplicas,
    TimedOut,
}

impl Refusal {
    fn code(self) -> ResponseError {
        match self {
            Refusal::NotLeader => ResponseError::NotLeaderOrFollower,
            Refusal::NotEnoughReplicas => ResponseError::NotEnoughReplicas,
            Refusal::TimedOut => ResponseError::RequestTimedOut,
        }
    }
}

#[derive(Clone, Debug)]
struct Written {
    producer: i64,
    sequence: i32,
    records: i32,
    base: i64,
}

/// A broker's log of one partition.
#[derive(Default)]
struct Broker {
    batches: Vec<Written>,
    /// The source offsets written, in order.
    records: Vec<i64>,
}

impl Broker {
    fn write(&mut self, sending: &Sending) -> Result<i64, ResponseError> {
        let header = BatchHeader::parse(sending.header[..].try_into().unwrap());
        let known: Vec<&Written> = self
            .batches
            .iter()
            .rev()
            .filter(|b| b.producer == header.producer_id)
            .take(KNOWN_AGAIN)
            .collect();
        if let Some(same) = known.iter().find(|b| b.sequence == header.base_sequence) {
            assert_eq!(same.records, header.record_count, "a resend repeats its batch");
            return Ok(same.base);
        }
        if let Some(last) = known.first()
            && header.base_sequence != last.sequence + last.records
        {
            return Err(ResponseError::OutOfOrderSequenceNumber);
        }
        let base = i64::try_from(self.records.len()).unwrap();
        self.batches.push(Written {
            producer: header.producer_id,
            sequence: header.base_sequence,
            records: header.record_count,
            base,
        });
        // The base timestamp carries the source offset.
        self.records.extend((0..header.record_count).map(|i| header.base_timestamp + i64::from(i)));
        Ok(base)
    }
}

struct World {
    copier: Partition,
    broker: Broker,
    live: VecDeque<Sending>,
    late: VecDeque<Sending>,
    now: Instant,
    next_producer: i64,
    in_flight_max: usize,
    sizes: Vec<i32>,
}

impl World {
    fn new(sizes: Vec<i32>, in_flight_max: usize) -> Self {
        let mut copier = Partition::new(1, MemoryBudget::new(64 << 20));
        copier.set_in_flight_max(in_flight_max);
        let producer = ProducerIdentity { id: 1, epoch: 0 };
        let end: i64 = sizes.iter().map(|s| i64::from(*s)).sum();
        copier.start(producer, SourceOffset(0), TargetOffset(0), Some(SourceOffset(end)));
        let (live, late) = (VecDeque::new(), VecDeque::new());
        let broker = Broker::default();
        Self { copier, broker, live, late, now: Instant::now(), next_producer: 2, in_flight_max, sizes }
    }

    fn end(&self) -> i64 {
        self.sizes.iter().map(|s| i64::from(*s)).sum()
    }

    /// Returns the source's batch at `offset`.
    fn item(&self, offset: i64) -> Option<Item> {
        let mut first = 0;
        for size in &self.sizes {
            let next = first + i64::from(*size);
            if offset < next {
                let from = offset.max(first);
                let records = usize::try_from(next - from).unwrap();
                let made = encode_pairs(&vec![(b"k".to_vec(), None); records], from);
                return Some(Item {
                    batch: RawBatch { header: made.header, bytes: made.bytes },
                    first: SourceOffset(from),
                    next: SourceOffset(next),
                    made_of: None,
                    epoch: -1,
                });
            }
            first = next;
        }
        None
    }

    fn fetch(&mut self) {
        let FetchWish::From { offset, .. } = self.copier.wants_fetch(ROOM, self.now) else { return };
        let Some(item) = self.item(offset.0) else { return };
        let next = Some(item.next);
        let taken = Taken { items: vec![item], next, ..Taken::default() };
        self.copier.on_fetched(offset, taken, self.now);
    }

    fn send(&mut self) {
        while let Some(sending) = self.copier.next_send(self.now) {
            self.live.push_back(sending);
        }
        assert!(self.live.len() <= self.in_flight_max, "no more batches wait for their answers");
    }

    fn answer(&mut self, sending: &Sending, outcome: SendOutcome) {
        if self.copier.on_outcome(sending.ticket, outcome, self.now) == Reaction::StartOver {
            self.start_over();
        }
    }

    /// What a takeover does: the fence keeps out what is still on its way, the log tells the rest.
    fn start_over(&mut self) {
        self.live.clear();
        self.late.clear();
        self.copier.start_over();
        let copied = i64::try_from(self.broker.records.len()).unwrap();
        let producer = ProducerIdentity { id: self.next_producer, epoch: 0 };
        self.next_producer += 1;
        self.copier.start(producer, SourceOffset(copied), TargetOffset(copied), None);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Fetch => self.fetch(),
            Step::Send => self.send(),
            Step::Serve => {
                let Some(sending) = self.live.pop_front() else { return };
                let outcome = match self.broker.write(&sending) {
                    Ok(base) => SendOutcome::Acknowledged(Some(TargetOffset(base))),
                    Err(code) => SendOutcome::Refused(code, None),
                };
                self.answer(&sending, outcome);
            }
            Step::Refuse(why) => {
                let Some(sending) = self.live.pop_front() else { return };
                self.answer(&sending, SendOutcome::Refused(why.code(), None));
            }
            Step::WriteAndFail(why) => {
                let Some(sending) = self.live.pop_front() else { return };
                let outcome = match self.broker.write(&sending) {
                    Ok(_) => SendOutcome::Refused(why.code(), None),
                    Err(code) => SendOutcome::Refused(code, None),
                };
                self.answer(&sending, outcome);
            }
            Step::Break => {
                let lost: Vec<Sending> = self.live.drain(..).collect();
                self.late.extend(lost.iter().cloned());
                for sending in lost {
                    self.answer(&sending, SendOutcome::Lost("the connection broke".to_owned()));
                }
            }
            Step::ServeLate => {
                if let Some(sending) = self.late.pop_front() {
                    // Nobody hears the answer.
                    let _ = self.broker.write(&sending);
                }
            }
            Step::Forget => self.late.clear(),
            Step::Move => self.copier.on_rerouted(),
            Step::Wait(ms) => self.now += Duration::from_millis(u64::from(ms)),
        }
        let expected = (0..).take(self.broker.records.len());
        assert!(self.broker.records.iter().copied().eq(expected), "{:?}", self.broker.records);
        let written = i64::try_from(self.broker.records.len()).unwrap();
        assert!(self.copier.copied().0 <= written, "the position is never ahead of the log");
    }

    /// Lets everything go well until the end.
    fn finish(&mut self) {
        for _ in 0..10_000 {
            if *self.copier.phase() == Phase::Finished {
                break;
            }
            for step in [Step::Fetch, Step::Send, Step::Serve, Step::ServeLate, Step::Wait(500)] {
                self.step(step);
            }
        }
        assert_eq!(*self.copier.phase(), Phase::Finished);
        assert_eq!(self.broker.records, (0..self.end()).collect::<Vec<_>>());
        // Both logs are gap-free: what was copied since the last start is one run (G6).
        let map = self.copier.map().map().clone();
        assert!(map.runs().len() <= 1, "{map:?}");
        assert_eq!(map.to(), Pair { source: self.end(), target: self.end() });
        assert!(map.runs().iter().all(|run| run.source == run.target && run.source == map.from().source));
    }
}

fn any_refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![Just(Refusal::NotLeader), Just(Refusal::NotEnoughReplicas), Just(Refusal::TimedOut)]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Fetch),
        6 => Just(Step::Send),
        8 => Just(Step::Serve),
        2 => any_refusal().prop_map(Step::Refuse),
        2 => any_refusal().prop_map(Step::WriteAndFail),
        2 => Just(Step::Break),
        2 => Just(Step::ServeLate),
        1 => Just(Step::Forget),
        1 => Just(Step::Move),
        6 => (1_u16..3000).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn g1_g2_g3_whatever_happens_to_requests_every_record_is_written_once_and_in_order(
        sizes in prop::collection::vec(1_i32..5, 1..40),
        in_flight_max in prop_oneof![Just(5_usize), Just(64)],
        steps in prop::collection::vec(any_step(), 0..250),
    ) {
        let mut world = World::new(sizes, in_flight_max);
        for step in steps {
            world.step(step);
        }
        world.finish();
    }
}

/// Drained, a partition hands over exactly what it acknowledged; let go of, it is deaf and mute.
#[test]
fn g2_what_is_let_go_of_sends_nothing_and_hears_no_answer() {
    let mut world = World::new(vec![5, 7, 9], 5);
    for step in [Step::Fetch, Step::Send, Step::Serve, Step::Fetch, Step::Fetch, Step::Send] {
        world.step(step);
    }
    assert_eq!(world.copier.copied(), SourceOffset(5));
    assert!(!world.copier.is_drained() && !world.live.is_empty(), "a batch is on its way");
    world.copier.drain();
    assert_eq!(world.copier.wants_fetch(ROOM, world.now), FetchWish::Nothing);
    let mut drained = world;
    for _ in 0..3 {
        drained.step(Step::Serve);
        drained.step(Step::Send);
    }
    assert!(drained.copier.is_drained() && drained.live.is_empty());
    let written = i64::try_from(drained.broker.records.len()).unwrap();
    assert_eq!(drained.copier.copied(), SourceOffset(written), "kept is what was acknowledged");

    let mut lost = World::new(vec![5, 7], 5);
    for step in [Step::Fetch, Step::Send] {
        lost.step(step);
    }
    let sending = lost.live.pop_front().unwrap();
    lost.copier.let_go();
    let late = SendOutcome::Acknowledged(Some(TargetOffset(0)));
    assert_eq!(lost.copier.on_outcome(sending.ticket, late, lost.now), Reaction::None);
    assert_eq!(lost.copier.copied(), SourceOffset(0), "another owner has it now");
    assert!(!lost.copier.wants_start(lost.now) && lost.copier.next_send(lost.now).is_none());
}

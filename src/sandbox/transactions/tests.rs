//! Transactions played without a network.
#![allow(clippy::unwrap_used)]

use kafka_protocol::messages::{
    EndTxnRequest, EndTxnResponse, InitProducerIdRequest, InitProducerIdResponse, ListTransactionsRequest,
    ProducerId, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;
use proptest::prelude::*;

use super::*;

const FENCED: i16 = 90;
const CONCURRENT: i16 = 51;
const INVALID_STATE: i16 = 48;
const INVALID_MAPPING: i16 = 49;

/// A request without a transactional id, from a producer that has none yet.
fn anonymous() -> InitProducerIdRequest {
    InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1)
}

struct Play {
    all: Transactions,
    now: Millis,
    written: Vec<Markers>,
}

fn id() -> TransactionalId {
    TransactionalId(StrBytes::from_static_str("t"))
}

fn key() -> PartitionKey {
    ("orders".to_owned(), 0)
}

impl Play {
    fn new(settings: Settings) -> Self {
        Self { all: Transactions::new(settings, 100), now: 1_000, written: Vec::new() }
    }

    fn write(&mut self) {
        self.written.extend(self.all.due(self.now));
    }

    fn ask(&mut self, expected: Option<Producer>) -> InitProducerIdResponse {
        let expected = expected.unwrap_or(Producer { id: -1, epoch: -1 });
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(id()))
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(ProducerId(expected.id))
            .with_producer_epoch(expected.epoch);
        let answer = self.all.init(self.now, 5, &request);
        self.write();
        answer
    }

    fn init(&mut self) -> Producer {
        let answer = self.ask(None);
        assert_eq!(answer.error_code, 0);
        Producer { id: answer.producer_id.0, epoch: answer.producer_epoch }
    }

    fn begin(&mut self, producer: Producer) -> Check {
        self.all.add_partitions(self.now, "t", producer, BTreeSet::from([key()]))
    }

    fn end(&mut self, version: i16, producer: Producer, committed: bool) -> EndTxnResponse {
        let request = EndTxnRequest::default()
            .with_transactional_id(id())
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_committed(committed);
        let answer = self.all.end(self.now, version, &request);
        self.write();
        answer
    }
}

#[test]
fn every_init_shuts_out_the_producer_before() {
    let mut play = Play::new(Settings::default());
    let (first, second) = (play.init(), play.init());
    assert_eq!((first.epoch, second.epoch, first.id), (0, 1, second.id));
    assert_eq!(play.begin(first), Err(ResponseError::ProducerFenced));
    assert_eq!(play.end(4, first, true).error_code, FENCED);
    assert_eq!(play.end(1, first, true).error_code, ResponseError::InvalidProducerEpoch.code());
    let other = Producer { id: first.id + 1, epoch: 1 };
    assert_eq!(play.end(4, other, true).error_code, INVALID_MAPPING);
    assert_eq!(play.begin(second), Ok(()));
}

#[test]
fn a_producer_without_a_transactional_id_gets_an_id_of_its_own() {
    let mut play = Play::new(Settings::default());
    let request = anonymous();
    let (one, two) = (play.all.init(0, 5, &request), play.all.init(0, 5, &request));
    assert_eq!((one.error_code, one.producer_epoch), (0, 0));
    assert_ne!(one.producer_id, two.producer_id);
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let mut play = Play::new(Settings::default());
    let request = anonymous();
    let code = |play: &mut Play, request: &InitProducerIdRequest| play.all.init(0, 5, request).error_code;
    let nameless = request.clone().with_transactional_id(Some(TransactionalId::default()));
    assert_eq!(code(&mut play, &nameless), ResponseError::InvalidRequest.code());
    let endless = request.clone().with_transactional_id(Some(id())).with_transaction_timeout_ms(900_001);
    assert_eq!(code(&mut play, &endless), ResponseError::InvalidTransactionTimeout.code());
    let half = request.with_transactional_id(Some(id())).with_producer_epoch(3);
    assert_eq!(code(&mut play, &half), ResponseError::InvalidRequest.code());
}

#[test]
fn a_commit_writes_markers_where_the_transaction_wrote() {
    let mut play = Play::new(Settings::default());
    let producer = play.init();
    assert_eq!(play.end(4, producer, true).error_code, INVALID_STATE, "nothing was begun");
    assert_eq!(play.begin(producer), Ok(()));
    assert_eq!(play.all.verify("t", producer, &key()), Ok(()));
    let elsewhere = ("orders".to_owned(), 1);
    assert_eq!(play.all.verify("t", producer, &elsewhere), Err(ResponseError::TransactionAbortable));
    assert_eq!(play.end(4, producer, true).error_code, 0);
    let markers = play.written.pop().unwrap();
    assert_eq!((markers.producer, markers.commit), (producer, true));
    assert_eq!(markers.partitions, BTreeSet::from([key()]));
    assert_eq!(play.end(4, producer, true).error_code, 0, "the same again is no harm");
    assert_eq!(play.end(4, producer, false).error_code, INVALID_STATE);
    assert!(play.written.is_empty());
}

#[test]
fn while_markers_are_written_everybody_has_to_wait() {
    let mut play = Play::new(Settings { marker_delay_ms: 50, ..Settings::default() });
    let producer = play.init();
    play.begin(producer).unwrap();
    assert_eq!(play.end(4, producer, true).error_code, 0);
    assert_eq!(play.end(4, producer, true).error_code, CONCURRENT);
    assert_eq!(play.end(4, producer, false).error_code, INVALID_STATE);
    assert_eq!(play.begin(producer), Err(ResponseError::ConcurrentTransactions));
    assert_eq!(play.ask(None).error_code, CONCURRENT);
    assert_eq!(play.all.next_deadline(), Some(1_050));
    play.now += 50;
    play.write();
    assert_eq!(play.written.len(), 1);
    assert_eq!(play.begin(producer), Ok(()));
}

#[test]
fn another_producer_has_the_transaction_under_way_aborted_first() {
    let mut play = Play::new(Settings::default());
    let zombie = play.init();
    play.begin(zombie).unwrap();
    assert_eq!(play.ask(None).error_code, CONCURRENT);
    let markers = play.written.pop().unwrap();
    assert_eq!((markers.producer.epoch, markers.commit), (1, false));
    assert_eq!(play.init().epoch, 2);
    assert_eq!(play.end(4, zombie, true).error_code, FENCED);
}

#[test]
fn a_transaction_that_takes_too_long_is_aborted() {
    let mut play = Play::new(Settings::default());
    let producer = play.init();
    play.begin(producer).unwrap();
    assert_eq!(play.all.next_deadline(), Some(61_000));
    play.now = 61_000;
    play.all.tick(play.now);
    play.write();
    assert!(!play.written.pop().unwrap().commit);
    assert_eq!(play.end(4, producer, true).error_code, FENCED);
}

#[test]
fn a_producer_that_names_itself_goes_on_and_one_that_was_replaced_does_not() {
    let mut play = Play::new(Settings::default());
    let first = play.init();
    let next = play.ask(Some(first));
    assert_eq!((next.error_code, next.producer_epoch), (0, 1));
    let again = play.ask(Some(first));
    assert_eq!((again.error_code, again.producer_epoch), (0, 1), "its answer was lost, it asked again");
    play.init();
    assert_eq!(play.ask(Some(first)).error_code, FENCED);
}

#[test]
fn used_up_epochs_lead_to_a_new_producer_id() {
    let mut play = Play::new(Settings::default());
    let producer = play.init();
    play.all.entries.get_mut("t").unwrap().producer.epoch = i16::MAX - 1;
    let last = Producer { epoch: i16::MAX - 1, ..producer };
    let next = play.ask(Some(last));
    assert_ne!(next.producer_id.0, producer.id);
    assert_eq!((next.error_code, next.producer_epoch), (0, 0));
    let fresh = play.init();
    assert_eq!((fresh.id, fresh.epoch), (next.producer_id.0, 1));
}

#[test]
fn from_version_five_every_end_raises_the_epoch() {
    let mut play = Play::new(Settings::default());
    let first = play.init();
    play.begin(first).unwrap();
    let ended = play.end(5, first, true);
    assert_eq!((ended.error_code, ended.producer_epoch), (0, 1));
    assert_eq!(play.written.pop().unwrap().producer.epoch, 1);
    let again = play.end(5, first, true);
    assert_eq!((again.error_code, again.producer_epoch), (0, 1), "asked again for the same");
    let second = Producer { epoch: 1, ..first };
    play.begin(second).unwrap();
    assert_eq!(play.end(5, first, true).error_code, FENCED);
    assert_eq!(play.end(5, second, false).producer_epoch, 2);
}

#[test]
fn from_version_five_used_up_epochs_lead_to_a_new_id_at_the_end() {
    let mut play = Play::new(Settings::default());
    let first = play.init();
    play.all.entries.get_mut("t").unwrap().producer.epoch = i16::MAX - 1;
    let last = Producer { epoch: i16::MAX - 1, ..first };
    play.begin(last).unwrap();
    let ended = play.end(5, last, true);
    assert_ne!(ended.producer_id.0, first.id);
    assert_eq!((ended.error_code, ended.producer_epoch), (0, 0));
    assert_eq!(play.written.pop().unwrap().producer, Producer { epoch: i16::MAX, ..first });
    let again = play.end(5, last, true);
    assert_eq!((again.error_code, again.producer_id), (0, ended.producer_id));
}

#[test]
fn ids_are_listed_by_state_and_described() {
    let mut play = Play::new(Settings::default());
    let producer = play.init();
    play.begin(producer).unwrap();
    let listed = |play: &Play, state: &'static str| {
        let request = ListTransactionsRequest::default()
            .with_duration_filter(-1)
            .with_state_filters(vec![StrBytes::from_static_str(state)]);
        play.all.list(play.now, &request, |_| true)
    };
    assert_eq!(listed(&play, "Ongoing").transaction_states.len(), 1);
    assert_eq!(listed(&play, "Empty").transaction_states.len(), 0);
    assert_eq!(listed(&play, "Odd").unknown_state_filters.len(), 1);
    let described = play.all.describe(&id());
    assert_eq!((described.producer_epoch, described.topics.len()), (0, 1));
    let missing = TransactionalId(StrBytes::from_static_str("u"));
    assert_eq!(play.all.describe(&missing).error_code, ResponseError::TransactionalIdNotFound.code());
}

#[test]
fn an_id_nobody_uses_is_forgotten() {
    let mut play = Play::new(Settings::default());
    let first = play.init();
    play.now += 7 * 24 * 3_600_000;
    play.all.tick(play.now);
    assert_eq!(play.all.state("t"), None);
    let again = play.init();
    assert_eq!(again.epoch, 0);
    assert_ne!(again.id, first.id);
}

#[derive(Debug, Clone)]
enum Step {
    Init(usize),
    Begin(usize),
    End(usize, bool, i16),
    Pass(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => (0..3usize).prop_map(Step::Init),
        4 => (0..3usize).prop_map(Step::Begin),
        4 => (0..3usize, any::<bool>(), 4..6i16).prop_map(|(who, commit, v)| Step::End(who, commit, v)),
        1 => (0..30_000u16).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Three clients fight for one id: whoever was shut out never writes or ends anything again, and
    /// each transaction gets exactly one marker.
    #[test]
    fn only_the_newest_producer_does_anything(steps in steps()) {
        let mut play = Play::new(Settings::default());
        let mut holds: [Option<Producer>; 3] = [None; 3];
        let mut newest = 0;
        let mut ongoing = false;
        for step in steps {
            let written = play.written.len();
            match step {
                Step::Init(who) => {
                    let answer = play.ask(None);
                    if answer.error_code == 0 {
                        holds[who] = Some(Producer { id: answer.producer_id.0, epoch: answer.producer_epoch });
                        newest = who;
                    } else {
                        prop_assert!(ongoing);
                        holds[newest] = None;
                    }
                }
                Step::Begin(who) => if let Some(producer) = holds[who] {
                    let done = play.begin(producer);
                    prop_assert_eq!(done.is_ok(), who == newest, "{:?}", done);
                    ongoing |= done.is_ok();
                },
                Step::End(who, commit, version) => if let Some(producer) = holds[who] {
                    let answer = play.end(version, producer, commit);
                    prop_assert!(answer.error_code != 0 || who == newest);
                    if answer.error_code == 0 && version == 5 {
                        holds[who] = Some(Producer { id: answer.producer_id.0, epoch: answer.producer_epoch });
                    }
                },
                Step::Pass(ms) => {
                    play.now += i64::from(ms);
                    play.all.tick(play.now);
                    play.write();
                    if play.written.len() > written {
                        holds[newest] = None;
                    }
                }
            }
            prop_assert!(play.written.len() <= written + 1);
            if play.written.len() > written {
                ongoing = false;
            }
            let state = play.all.state("t");
            prop_assert_eq!(state == Some(TransactionState::Ongoing), ongoing);
        }
    }
}

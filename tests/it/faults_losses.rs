//! Unclean elections: records that were acknowledged are lost, at the source or at the target, while the flow
//! copies, while it starts, and while it is not there.
//!
//! What may come of it was written by hand: a partition whose lost records the flow had copied, or whose copies
//! were lost, stops and says so, and goes on stopping; where nothing of it was lost that the flow had seen,
//! what stands is copied. A copy that holds lost records and newer ones behind them, or that lacks what was
//! lost, never passes for a good one.

use std::collections::BTreeSet;

use kafka_protocol::messages::ApiKey;
use strait::engine::supervisor::RunMode;
use strait::sandbox::{Action, Fault};

use crate::faults_play::{Played, Side, Stage, play_each};
use crate::faults_random::{Random, faults, seeds, told};
use crate::faults_run::{Came, Ended, Limits, Run};
use crate::faults_shapes::ASKED;
use crate::faults_world::{Content, PARTITIONS, TOPIC, World};

/// What a flow stops for where records were lost.
const LOST: [&str; 2] = ["source_truncated", "target_truncated"];
/// How long trouble may last in a run that is to end, and in the last one.
const RETRY_TIMEOUTS: [&str; 2] = ["4s", "40s"];

/// Says when records are lost other than at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// At the request that a fault names.
    AtRequest,
    /// While all is copied and nobody writes.
    Idle,
    /// While all is copied, and others are written in their place at once.
    IdleAndWritten,
    /// While the flow does not run; others are written in their place.
    Between,
}

/// Describes a scenario: at most one loss, and whatever else goes wrong.
#[derive(Clone, Debug)]
struct Loss {
    name: String,
    side: Side,
    when: When,
    count: i64,
    faults: Vec<(Side, Stage, Fault)>,
}

/// Follows what may stand at the target.
struct Judge {
    /// What stood at the source at some time, by partition.
    known: Vec<Vec<Vec<Content>>>,
    /// Whether a partition's copy was found to be broken.
    is_broken: Vec<bool>,
}

impl Judge {
    fn new() -> Self {
        let partitions = usize::try_from(PARTITIONS).unwrap();
        Self { known: vec![Vec::new(); partitions], is_broken: vec![false; partitions] }
    }

    /// Takes note of what stands at the source.
    fn note(&mut self, world: &World) {
        for (known, now) in self.known.iter_mut().zip(world.said()) {
            known.push(now);
        }
    }

    /// Checks what arrived against what a run said of it.
    fn check(&mut self, world: &World, ended: &Ended, is_last: bool) -> Result<(), String> {
        for partition in 0..PARTITIONS {
            let index = usize::try_from(partition).unwrap();
            let arrived: Vec<Content> =
                world.arrived(partition).into_iter().map(|(_, content)| content).collect();
            let stopped = ended.stops.iter().find(|(stopped, _)| *stopped == partition);
            let says_lost = stopped.is_some_and(|(_, cause)| LOST.contains(&cause.code()));
            let is_front_of = |log: &Vec<Content>| log.starts_with(&arrived);
            let now: Vec<Content> = world.committed(partition).into_iter().map(|(_, one)| one).collect();
            let is_sound = is_front_of(&now) || self.known[index].iter().any(is_front_of);
            self.is_broken[index] |= !is_sound;
            if self.is_broken[index] && ended.failure.is_none() && !says_lost {
                return Err(format!("partition {partition}: a broken copy passed for a good one: {ended:?}"));
            }
            if stopped.is_none() && is_last && arrived != now {
                let (found, wanted) = (arrived.len(), now.len());
                return Err(format!("partition {partition}: {found} records arrived, {wanted} stand"));
            }
        }
        Ok(())
    }
}

fn play(loss: &Loss) -> Result<Played, String> {
    let mut world = World::new();
    let mut judge = Judge::new();
    let plan = |world: &World, now: Stage| {
        for (side, _, fault) in loss.faults.iter().filter(|(_, stage, _)| *stage == now) {
            at(world, *side).plan(fault.clone());
        }
    };
    // The last records are of no transaction: losing its marker would leave one open for ever.
    world.write();
    world.write_plain();
    judge.note(&world);
    let [retry_timeout, last_timeout] = RETRY_TIMEOUTS;
    let first =
        Run::start(&world, RunMode::Continuous, Limits::of(retry_timeout), || plan(&world, Stage::Start));
    first.until_copied(&world)?;
    if matches!(loss.when, When::Idle | When::IdleAndWritten) {
        world.lose(at(&world, loss.side), loss.count);
    }
    if loss.when == When::Idle && loss.side == Side::Source {
        first.until_stopped()?;
    }
    plan(&world, Stage::Copying);
    world.write_plain();
    judge.note(&world);
    first.until_copied(&world)?;
    plan(&world, Stage::Stopping);
    let first = first.stop()?;
    world.clear_faults();
    judge.check(&world, &first, false)?;

    if loss.when == When::Between {
        world.lose(at(&world, loss.side), loss.count);
    }
    world.look_again();
    world.write();
    world.write_plain();
    judge.note(&world);
    let take_over = || plan(&world, Stage::Takeover);
    let second = Run::start(&world, RunMode::Once, Limits::of(retry_timeout), take_over).until_end()?;
    let hits = world.clear_faults();
    judge.check(&world, &second, false)?;

    let last = Run::start(&world, RunMode::Once, Limits::of(last_timeout), || ()).until_end()?;
    judge.check(&world, &last, true)?;
    let is_told = |(_, cause): &(i32, strait::engine::event::StopCause)| LOST.contains(&cause.code());
    if last.failure.is_some() || !last.stops.iter().all(is_told) {
        return Err(format!(
            "with nothing in its way the flow came to {last:?}, after {first:?}, {second:?}"
        ));
    }
    Ok(Played { came: last.came(), words: last.words(), hits })
}

fn at(world: &World, side: Side) -> &strait::sandbox::Cluster {
    if side == Side::Source { &world.source } else { &world.target }
}

fn at_request(side: Side, stage: Stage, api: ApiKey, count: i64) -> Loss {
    let fault = Fault::on(api, Action::LoseRecords { count }).about(TOPIC);
    let name = format!("{side:?} {stage:?}: {api:?} finds {count} records lost");
    Loss { name, side, when: When::AtRequest, count, faults: vec![(side, stage, fault)] }
}

fn unasked(side: Side, when: When, count: i64) -> Loss {
    let name = format!("{side:?}: {count} records lost {when:?}");
    Loss { name, side, when, count, faults: Vec::new() }
}

fn stops(cause: &'static str) -> Came {
    Came::ToStop(BTreeSet::from([cause]))
}

#[test]
fn g1_g2_each_unclean_election_comes_to_what_is_written_here() {
    use ApiKey::{Fetch, ListOffsets, Metadata, Produce};
    use Side::{Source, Target};
    use Stage::{Start, Takeover};
    let mut rows = Vec::new();
    for count in [1, 2, 3, 4] {
        // What was copied is gone: no matter what else is written there since.
        for when in [When::Idle, When::IdleAndWritten, When::Between] {
            rows.push((unasked(Source, when, count), stops("source_truncated")));
        }
        // Copies are gone: the next batch would stand where they stood, or our marker already does.
        for when in [When::IdleAndWritten, When::Between] {
            rows.push((unasked(Target, when, count), stops("target_truncated")));
        }
        rows.push((at_request(Target, Takeover, ListOffsets, count), stops("target_truncated")));
        rows.push((at_request(Target, Takeover, Metadata, count), stops("target_truncated")));
        // What was lost had not been copied: what stands is copied, by the next run where this one was to
        // reach further.
        for (stage, api) in [(Start, ListOffsets), (Start, Fetch), (Takeover, ListOffsets), (Takeover, Fetch)]
        {
            rows.push((at_request(Source, stage, api, count), Came::Through));
        }
        // There was nothing to lose yet.
        rows.push((at_request(Target, Start, Produce, count), Came::Through));
    }
    let played = play_each(&rows, |(loss, _)| play(loss));
    let mut broken = Vec::new();
    for ((loss, expected), played) in rows.iter().zip(played) {
        match played {
            Ok(Played { came, .. }) if came == *expected => {}
            // Where no checkpoint knew of the lost copies yet, and the target refused what came next for its
            // sequence, they were made again; that they all stand once was checked.
            Ok(Played { came: Came::Through, .. })
                if (loss.side, loss.when) == (Side::Target, When::IdleAndWritten) => {}
            Ok(Played { came, words, .. }) => {
                broken.push(format!("{}: came {came:?} {words:?}, expected {expected:?}", loss.name));
            }
            Err(why) => broken.push(format!("{}: {why}", loss.name)),
        }
    }
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), rows.len(), broken.join("\n"));
}

/// Makes the sequence of a seed: a loss somewhere, and faults that pass around it.
fn sequence(seed: u64) -> Loss {
    let mut random = Random(seed << 8 | 0x55);
    let side = *random.one_of(&[Side::Source, Side::Target]);
    let count = 1 + i64::from(random.below(4));
    let when = *random.one_of(&[When::AtRequest, When::IdleAndWritten, When::Between]);
    let more = random.below(4);
    let mut faults = faults(&mut random, more, false);
    if when == When::AtRequest {
        let asked: Vec<_> =
            ASKED.iter().filter(|(of, _, topic, _)| *of == side && *topic == Some(TOPIC)).collect();
        let (_, api, _, stages) = **random.one_of(&asked);
        let fault = Fault::on(api, Action::LoseRecords { count }).about(TOPIC).after(random.below(3));
        let place = usize::try_from(random.below(u32::try_from(faults.len() + 1).unwrap())).unwrap();
        faults.insert(place, (side, *random.one_of(stages), fault));
    }
    let words: Vec<String> = faults.iter().map(|(side, stage, fault)| told(*side, *stage, fault)).collect();
    let name =
        format!("STRAIT_FAULTS_SEED={seed} ({side:?} loses {count} records {when:?}; {})", words.join(", "));
    Loss { name, side, when, count, faults }
}

#[test]
fn g1_g2_records_lost_amid_other_faults_never_leave_a_copy_that_passes_for_a_good_one() {
    let sequences: Vec<_> = seeds().into_iter().map(sequence).collect();
    let played = play_each(&sequences, play);
    let broken: Vec<String> = sequences
        .iter()
        .zip(played)
        .filter_map(|(sequence, played)| played.err().map(|why| format!("{}: {why}", sequence.name)))
        .collect();
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), sequences.len(), broken.join("\n"));
}

//! What happens when, made from a seed: the same seed makes the same plan.

use std::fmt::Write;

use crate::harness::records::Seeded;

/// Says how much is to happen, and of what.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Makes the plan.
    pub seed: u64,
    /// Processes killed with SIGKILL, in all lanes together.
    pub kills: usize,
    /// Flows that run beside each other, each with processes and topics of its own.
    pub lanes: usize,
    /// Whether two processes ever run one flow at once.
    pub has_two_owners: bool,
    /// Broker counts of source and target.
    pub brokers: [u16; 2],
}

/// One thing that is done to the process of a lane. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Starts it and kills it, wherever its start has come to.
    Kill { after: u64 },
    /// Starts it and kills it some time after it has begun to copy.
    KillCopying { after: u64 },
    /// Starts it and has it stop as an operator does.
    Terminate { after: u64 },
    /// Starts it and holds it, in its start or after it `copies`; starts a second one, lets the first go
    /// on when the second copies, and kills the second, then the first.
    Overtaken { copies: bool, held_after: u64, overlap: u64, killed_after: u64 },
    /// The same, but the second one is killed on its way, and the first goes on with what is left to it.
    HalfOvertaken { held_after: u64, killed_after: u64, rest: u64 },
    /// Trims a partition of the source to what was copied, while nothing runs.
    Trim { partition: i32 },
}

impl Step {
    /// Returns how many processes it kills.
    pub fn kills(self) -> usize {
        match self {
            Self::Kill { .. } | Self::KillCopying { .. } => 1,
            Self::Overtaken { .. } | Self::HalfOvertaken { .. } => 2,
            Self::Terminate { .. } | Self::Trim { .. } => 0,
        }
    }
}

/// Names an end of the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where records come from.
    Source,
    /// Where records go.
    Target,
}

/// One thing that is done to the clusters. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// Cuts every connection when a request has left and its answer has not come back.
    CutBeforeAnswer { end: End },
    /// Lets nothing through for a while, then everything.
    Hold { end: End, lasts: u64 },
    /// Kills a broker and starts it again.
    KillBroker { end: End, id: u16, down: u64 },
    /// Moves all leaders of one lane's topic that is trimmed.
    MoveLeaders { end: End, lane: usize },
}

/// Holds what happens: steps by lane, and blows with the pause before each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// By lane, in order.
    pub steps: Vec<Vec<Step>>,
    /// In order, repeated until the lanes are through.
    pub blows: Vec<(u64, Blow)>,
}

impl Plan {
    /// Makes the plan.
    pub fn new(scale: Scale) -> Self {
        let lane = |lane: usize| {
            let mut random = Seeded::new(scale.seed ^ (0x1a4e_0000 + lane as u64));
            let due = scale.kills / scale.lanes + usize::from(lane < scale.kills % scale.lanes);
            let (mut steps, mut kills) = (Vec::new(), 0);
            while kills < due {
                let step = step(&mut random, scale.has_two_owners && due - kills > 1);
                kills += step.kills();
                steps.push(step);
            }
            steps
        };
        let mut random = Seeded::new(scale.seed ^ 0xb10e_0000);
        let blows =
            (0..scale.kills.max(8)).map(|_| (ms(&mut random, 1_000, 6_000), blow(&mut random, scale)));
        Self { steps: (0..scale.lanes).map(lane).collect(), blows: blows.collect() }
    }

    /// Tells whether a process that copies is sure to be overtaken.
    pub fn overtakes(&self) -> bool {
        self.steps.iter().flatten().any(|step| matches!(step, Step::Overtaken { copies: true, .. }))
    }

    /// Writes the plan down, one line for each thing.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (lane, steps) in self.steps.iter().enumerate() {
            for step in steps {
                writeln!(text, "lane {lane}: {step:?}").unwrap();
            }
        }
        for (pause, blow) in &self.blows {
            writeln!(text, "after {pause} ms: {blow:?}").unwrap();
        }
        text
    }
}

fn ms(random: &mut Seeded, from: usize, to: usize) -> u64 {
    (from + random.below(to - from)) as u64
}

fn step(random: &mut Seeded, two_owners: bool) -> Step {
    match random.below(20) {
        0 | 1 if two_owners => Step::Overtaken {
            copies: random.below(2) == 0,
            held_after: ms(random, 100, 1_200),
            overlap: ms(random, 0, 1_500),
            killed_after: ms(random, 0, 1_000),
        },
        2 | 3 if two_owners => Step::HalfOvertaken {
            held_after: ms(random, 500, 2_000),
            killed_after: ms(random, 100, 900),
            rest: ms(random, 200, 1_500),
        },
        4 | 5 => Step::Trim { partition: i32::try_from(random.below(3)).unwrap() },
        6 => Step::Terminate { after: ms(random, 300, 2_500) },
        // These hit the start: connections, fence, marker, state, comparison.
        7..=12 => Step::Kill { after: ms(random, 20, 1_200) },
        _ => Step::KillCopying { after: ms(random, 0, 1_200) },
    }
}

fn kill_broker(random: &mut Seeded, end: End, brokers: u16) -> Blow {
    let id = u16::try_from(random.below(usize::from(brokers))).unwrap() + 1;
    Blow::KillBroker { end, id, down: ms(random, 0, 3_000) }
}

fn blow(random: &mut Seeded, scale: Scale) -> Blow {
    let (end, brokers) =
        if random.below(3) == 0 { (End::Source, scale.brokers[0]) } else { (End::Target, scale.brokers[1]) };
    match random.below(10) {
        0 | 1 => kill_broker(random, end, brokers),
        2 if brokers > 1 => Blow::MoveLeaders { end, lane: random.below(scale.lanes) },
        3 => Blow::Hold { end, lasts: ms(random, 100, 3_000) },
        _ => Blow::CutBeforeAnswer { end },
    }
}

#[test]
fn the_same_seed_makes_the_same_plan() {
    let scale = Scale { seed: 7, kills: 200, lanes: 3, has_two_owners: true, brokers: [1, 3] };
    let plan = Plan::new(scale);
    assert_eq!(plan, Plan::new(scale));
    assert_ne!(plan, Plan::new(Scale { seed: 8, ..scale }));
    let kills: usize = plan.steps.iter().flatten().map(|step| step.kills()).sum();
    assert_eq!(kills, 200);
    assert!(plan.overtakes());
    let alone = Plan::new(Scale { has_two_owners: false, ..scale });
    assert!(alone.steps.iter().flatten().all(|step| step.kills() < 2));
}

//! `strait status`: what a flow's state topic says, without running the flow.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::replicate::flow::open;
use super::{Context, flows};
use crate::config::settings::{FlowSettings, Settings};
use crate::engine::offset_map::{ChunkError, OffsetMap};
use crate::engine::state_read::{self, FlowState};
use crate::engine::state_records::{Past, Trouble};
use crate::engine::state_topic::NAME_PREFIX;
use crate::exit::Exit;
use crate::report::document::Document;
use crate::report::flow_status::{
    FlowStatus, MapStatus, OwnerStatus, PartitionStatus, SCHEMA, TroubleStatus, runs_table, status_table,
};
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::report::rights::Principals;
use crate::types::{TopicName, TopicPartition};

/// Print how far flows are, as they recorded it at the target; nothing is run or changed
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait status                              a row for each partition
  strait status --flow us-eu --format json   one JSON document
  strait status --map                        every run of the offset maps

SOURCE-NEXT and TARGET-NEXT are as of the newest checkpoint, AGE is that checkpoint's; an idle
partition writes none. OWNER is who took the partition last, running or not.

Exit codes:
  0    read; no partition is stopped where records are missing or endangered
  1    no flow's state could be read
  2    usage or configuration error, found before any connection
  10   a partition is stopped where records are missing or endangered
  11   the state of a flow, or a part of it, could not be read")]
pub struct Args {
    /// List the runs of the offset maps: records from SOURCE on stand at the target from TARGET on
    #[arg(long)]
    map: bool,
}

/// Reads the configuration and the flows' states, and prints them.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let (settings, flows) = match flows::selected(context) {
        Ok(found) => found,
        Err(refusal) => return refusal.tell(context, SCHEMA),
    };
    let mut found = Found::default();
    for flow in &flows {
        match read(&settings, flow, context.timeout).await {
            Ok(state) => found.take(flow, state.as_ref(), args.map),
            Err(problem) => found.problems.push((Exit::Inconclusive, *problem)),
        }
    }
    found.print(context, args.map)
}

async fn read(
    settings: &Settings,
    flow: &FlowSettings,
    timeout: Option<Duration>,
) -> Result<Option<FlowState>, Box<Problem>> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let target = Arc::new(settings.clusters[&flow.target].clone());
    let whose = |problem: Problem| Principals::new(settings).complete(problem);
    let target = open(target, deadline, |_| {}).await.map_err(|error| Problem::from(&error))?;
    let state = state_read::read(&target, &state_topic(flow)).await;
    Ok(state.map_err(|error| whose(Problem::from(&error)))?)
}

fn state_topic(flow: &FlowSettings) -> TopicName {
    TopicName::new(format!("{NAME_PREFIX}{}", flow.name))
}

/// Gathers what is to be printed.
#[derive(Default)]
struct Found {
    flows: Vec<FlowStatus>,
    problems: Vec<(Exit, Problem)>,
}

impl Found {
    fn take(&mut self, flow: &FlowSettings, state: Option<&FlowState>, with_runs: bool) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let mut partitions = Vec::new();
        let known = state.map(|state| &state.partitions);
        for (partition, past) in known.into_iter().flatten() {
            let map = state.map_or(Ok(None), |state| state.map(partition));
            self.note(flow, partition, past, map.as_ref().err());
            let map = map.ok().flatten().map(|map| map_status(&map, with_runs));
            partitions.push(status(partition, past, map, now_ms));
        }
        partitions.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        self.flows.push(FlowStatus {
            flow: flow.name.to_string(),
            state_topic: state_topic(flow).to_string(),
            has_state: state.is_some(),
            ended: state.and_then(|state| state.whole.ended.clone()),
            partitions,
        });
    }

    fn note(&mut self, flow: &FlowSettings, name: &TopicPartition, past: &Past, fault: Option<&ChunkError>) {
        let scope = || Scope::Partition { flow: flow.name.to_string(), partition: name.to_string() };
        if let Some(trouble) = &past.stopped {
            let exit = if trouble.is_loss { Exit::Bad } else { Exit::Done };
            let problem = Problem::new("stopped", scope(), format!("{name} is stopped ({})", trouble.code));
            let problem =
                problem.place(format!("as recorded in {}", state_topic(flow))).cause(trouble.cause.clone());
            self.problems
                .push((exit, trouble.hint.iter().fold(problem, |problem, hint| problem.hint(hint.clone()))));
        }
        if let Some(fault) = fault {
            let problem =
                Problem::new("offset_map", scope(), format!("the offset map of {name} cannot be read"));
            let problem = problem.place(state_topic(flow).to_string()).cause(fault.to_string());
            self.problems.push((Exit::Inconclusive, problem.hint("read it with the version that wrote it")));
        }
    }

    fn print(self, context: &Context, with_runs: bool) -> Exit {
        let any = |exit| self.problems.iter().any(|(found, _)| *found == exit);
        let exit = match () {
            () if any(Exit::Bad) => Exit::Bad,
            () if self.flows.is_empty() => Exit::Failed,
            () if any(Exit::Inconclusive) => Exit::Inconclusive,
            () => Exit::Done,
        };
        let output = &context.output;
        if output.format() == Format::Json {
            Document {
                schema: SCHEMA,
                status: exit.status(),
                exit_code: exit.code(),
                errors: self.problems.iter().map(|(_, problem)| problem.to_json()).collect(),
                data: (!self.flows.is_empty()).then_some(Flows { flows: self.flows }),
            }
            .print(output);
            return exit;
        }
        for flow in self.flows.iter().filter(|flow| !flow.has_state) {
            output.warn(&format!("flow \"{}\" never ran: there is no topic {}", flow.flow, flow.state_topic));
        }
        if self.flows.iter().any(|flow| flow.has_state) {
            let table = if with_runs { runs_table(&self.flows) } else { status_table(&self.flows) };
            output.data(&table);
        }
        for flow in &self.flows {
            if let Some(ended) = &flow.ended {
                output.alarm(&format!("flow \"{}\" is not copied any more: {ended}", flow.flow));
            }
        }
        self.problems.iter().for_each(|(_, problem)| output.problem(problem));
        exit
    }
}

#[derive(serde::Serialize)]
struct Flows {
    flows: Vec<FlowStatus>,
}

fn status(name: &TopicPartition, past: &Past, map: Option<MapStatus>, now_ms: i64) -> PartitionStatus {
    let checkpoint = past.checkpoint.as_ref();
    PartitionStatus {
        topic: name.topic.to_string(),
        partition: name.partition,
        source_next: checkpoint.map(|checkpoint| checkpoint.source_next),
        target_next: checkpoint.map(|checkpoint| checkpoint.target_next),
        source_end: checkpoint.and_then(|checkpoint| checkpoint.source_end),
        checkpoint_ms: checkpoint.map(|_| past.checkpoint_ms),
        checkpoint_age_ms: checkpoint.map(|_| u64::try_from(now_ms - past.checkpoint_ms).unwrap_or(0)),
        owner: past.owner.as_ref().map(|(producer_id, owner)| OwnerStatus {
            producer_id: *producer_id,
            epoch: owner.epoch,
            host: owner.host.clone(),
            pid: owner.pid,
            since_ms: owner.since_ms,
        }),
        map,
        stopped: past.stopped.as_ref().map(|trouble| trouble_status(None, trouble)),
        skipped: past.skipped.iter().map(|(from, trouble)| trouble_status(Some(*from), trouble)).collect(),
    }
}

fn trouble_status(from: Option<i64>, trouble: &Trouble) -> TroubleStatus {
    TroubleStatus {
        from,
        to: from.and(trouble.to),
        code: trouble.code.clone(),
        cause: trouble.cause.clone(),
        at_ms: trouble.at_ms,
        is_loss: trouble.is_loss,
    }
}

fn map_status(map: &OffsetMap, with_runs: bool) -> MapStatus {
    let list = || map.runs().iter().map(|run| [run.source, run.target, run.count]).collect();
    MapStatus {
        runs: map.runs().len(),
        source_first: map.from().source,
        source_next: map.to().source,
        target_first: map.from().target,
        target_next: map.to().target,
        list: with_runs.then(list),
    }
}

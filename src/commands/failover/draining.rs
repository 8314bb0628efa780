//! What a planned failover does before it ends the flow: stop the writers, copy the rest, wait for rest.

use std::time::Duration;

use tokio::sync::mpsc;

use super::super::Context;
use super::told::partitions;
use crate::config::settings::FlowSettings;
use crate::engine::event::Event;
use crate::engine::supervisor::FlowError;
use crate::failover::drain::{CaughtUp, Drain, DrainError, Rest, Stray};
use crate::kafka::cluster::Cluster;
use crate::report::explain::flow_ended;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::report::reporter::{Reporter, stop_problem};
use crate::types::TopicPartition;

/// Events that may wait to be told.
pub(in crate::commands) const EVENT_QUEUE_MAX: usize = 1024;
/// Partitions named where many are written to.
const NAMED_MAX: usize = 5;

/// Drains the source, with the writers stopped by `fence_cmd` where one is given.
pub(in crate::commands) async fn drain(
    context: &Context,
    (source, target): (&Cluster, &Cluster),
    flow: &FlowSettings,
    expected: &[TopicPartition],
    (fence_cmd, rest): (Option<&str>, Rest),
) -> Result<CaughtUp, Box<Problem>> {
    let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
    let teller = tokio::spawn(tell(context.clone(), flow.name.to_string(), receiver));
    let drain = Drain { source, target, flow, events };
    let drained = async {
        if let Some(command) = fence_cmd {
            // What has gathered is copied first, so that writers stand still as shortly as can be.
            context.output.say("copying what there is, before the writers are stopped");
            drain.drain(expected, rest).await.map_err(|error| problem(flow, error))?;
            context.output.say(&format!("stopping the writers: {command}"));
            hook(command, flow, rest.timeout).await?;
        }
        let quiet_for = humantime::format_duration(rest.quiet_for);
        context.output.say(&format!("copying the rest, until nothing comes for {quiet_for}"));
        drain.catch_up(expected, rest).await.map_err(|error| problem(flow, error))
    };
    let drained = drained.await;
    drop(drain);
    // The teller ends when the flow's sender is gone.
    let _ = teller.await;
    let caught_up = drained?;
    context.output.say(&format!("all of {} is at the target", partitions(caught_up.partitions())));
    Ok(caught_up)
}

/// Tells what happens to people; programs get the one document at the end.
pub(in crate::commands) async fn tell(context: Context, flow: String, mut events: mpsc::Receiver<Event>) {
    let reporter = Reporter::new(context.output.clone());
    let mut batch = Vec::new();
    while events.recv_many(&mut batch, EVENT_QUEUE_MAX).await > 0 {
        // Each round begins anew, which is no news; a partition that stops is the end, told as such.
        batch.retain(|event| !matches!(event, Event::Started { .. } | Event::Stopped { .. }));
        if context.output.format() == Format::Text {
            reporter.events(&flow, &batch);
        }
        batch.clear();
    }
}

/// Runs a command of the user's; it has to end well, and in time.
async fn hook(command: &str, flow: &FlowSettings, limit: Duration) -> Result<(), Box<Problem>> {
    let environment = [
        ("STRAIT_FLOW", flow.name.to_string()),
        ("STRAIT_SOURCE", flow.source.to_string()),
        ("STRAIT_TARGET", flow.target.to_string()),
    ];
    super::super::hook::run(command, &environment, limit).await.map_err(|cause| {
        let problem = Problem::new("fence_cmd", Scope::Command, "the writers were not stopped");
        let problem = problem.place(format!("--fence-cmd {command}")).cause(cause);
        Box::new(problem.hint("mend the command and run it again; the flow is as it was"))
    })
}

/// Says why a flow cannot be drained.
pub(in crate::commands) fn problem(flow: &FlowSettings, error: DrainError) -> Box<Problem> {
    let scope = || Scope::Flow(flow.name.to_string());
    let what = format!("flow \"{}\" is not ended: it cannot be drained", flow.name);
    Box::new(match error {
        DrainError::Flow(FlowError::Kafka(error)) | DrainError::Kafka(error) => Problem::from(&error),
        DrainError::Flow(FlowError::Ended(ended)) => {
            flow_ended(flow.name.as_str(), flow.target.as_str(), &ended)
        }
        DrainError::Stopped(stopped) => {
            let Some((_, cause)) = stopped.first() else {
                return Box::new(Problem::new("drain", scope(), what));
            };
            let named: Vec<_> = stopped.iter().map(|(partition, _)| partition).collect();
            stop_problem(flow.name.as_str(), &named, cause)
                .hint("mend that first, or end the flow as it is with --unplanned")
        }
        DrainError::Absent(absent) => Problem::new("absent", scope(), what)
            .place(format!("cluster {}", flow.source))
            .cause(format!("it shows {} no more", named(&absent)))
            .hint("exclude their topics from the flow where that was meant")
            .hint("else grant this user Describe and Read on them"),
        DrainError::NotQuiet { after, strays } => {
            let after = humantime::format_duration(after);
            Problem::new("not_quiet", scope(), what)
                .place(format!("cluster {}", flow.source))
                .cause(format!("the source was not at rest within {after}: {}", strays_in_words(&strays)))
                .hint("stop the writers that are left, or have --fence-cmd do it, then run it again")
                .hint("a larger --drain-timeout helps where the copy is only far behind")
        }
    })
}

fn named(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = partitions.len().saturating_sub(NAMED_MAX);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

fn strays_in_words(strays: &[Stray]) -> String {
    let (open, written): (Vec<_>, Vec<_>) =
        strays.iter().partition(|stray| stray.position == stray.last_stable && stray.has_open_transaction());
    let names = |of: &[&Stray]| named(&of.iter().map(|stray| stray.partition.clone()).collect::<Vec<_>>());
    let mut words = Vec::new();
    if !written.is_empty() {
        words.push(format!("still written to or behind: {}", names(&written)));
    }
    if !open.is_empty() {
        words.push(format!("a transaction is open in {}", names(&open)));
    }
    if words.is_empty() {
        words.push("each of them was at its end, and was written to again".to_owned());
    }
    words.join("; ")
}

//! What a failover has to say, and how it ends.

use super::super::Context;
use super::super::groups::sync::note;
use crate::config::settings::FlowSettings;
use crate::engine::ended::{EndKind, Ended};
use crate::exit::Exit;
use crate::failover::groups::Standing;
use crate::failover::plan::{Missing, Place};
use crate::failover::source::now_ms;
use crate::failover::whole::{FailoverError, GroupsMoved, Looked};
use crate::groups::plan::Move;
use crate::report::document::Document;
use crate::report::failover::{
    FailoverData, PartitionJson, SCHEMA, StandingJson, missing_line, standing_table, table,
};
use crate::report::groups_sync::{self, Counts, FlowGroups, Group};
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::types::TopicPartition;

/// Problems that a look finds, and a later look finds anew.
const OF_A_LOOK: [&str; 3] = ["topic_gone", "source_untold", "topic_hidden"];
/// Most problems told in text; JSON has all.
const PROBLEMS_SHOWN_MAX: usize = 10;

/// Gathers what is to be printed.
pub(super) struct Told {
    flow: String,
    pub(super) how: EndKind,
    dry_run: bool,
    pub(super) ended: Option<Ended>,
    pub(super) is_ended_now: bool,
    pub(super) source_answered: bool,
    pub(super) places: Vec<Place>,
    pub(super) groups: Vec<Group>,
    pub(super) standing: Vec<Standing>,
    pub(super) group_problems: Vec<(Exit, Problem)>,
    problems: Vec<(Exit, Problem)>,
}

/// Writes a number of partitions.
pub(in crate::commands) fn partitions(count: usize) -> String {
    if count == 1 { "1 partition".to_owned() } else { format!("{count} partitions") }
}

/// Tells what became of the groups, and what kept them from their places.
pub(in crate::commands) fn groups_told(
    flow: &FlowSettings,
    moved: &GroupsMoved,
) -> (Vec<Group>, Vec<(Exit, Problem)>) {
    let mut problems: Vec<_> =
        moved.failures.iter().map(|error| (Exit::Inconclusive, Problem::from(error))).collect();
    let mut groups = Vec::new();
    for plan in &moved.plans {
        let of_group = moved.outcomes.get(&plan.group);
        note(&mut problems, flow, plan, of_group);
        let outcome = |planned: &Move| {
            let outcome = of_group?.get(&planned.target)?;
            planned.is_change().then(|| outcome.clone())
        };
        groups.push(Group::of(plan, outcome));
    }
    (groups, problems)
}

/// Says why a flow is not ended.
pub(in crate::commands) fn not_ended(flow: &FlowSettings, error: FailoverError) -> Box<Problem> {
    let scope = Scope::Flow(flow.name.to_string());
    Box::new(match error {
        FailoverError::Kafka(error) => Problem::from(&error),
        FailoverError::NeverRan { topic } => {
            let what = format!("flow \"{}\" cannot be failed over: it never ran", flow.name);
            Problem::new("never_ran", scope, what)
                .place(format!("cluster {}", flow.target))
                .cause(format!("there is no topic {topic}"))
                .hint("check --flow and the cluster; strait status shows which flows have run")
        }
        FailoverError::NotFenced(failed) => {
            let first = failed.first();
            let named = first.map_or_else(String::new, |(first, _)| first.to_string());
            let what = format!("{} cannot be taken over, {named} first", partitions(failed.len()));
            let problem = Problem::new("not_fenced", scope, what).place(format!("cluster {}", flow.target));
            let problem = first.iter().fold(problem, |problem, (_, error)| problem.cause(error.to_string()));
            problem.hint("run it again: replicate is refused already, and it goes on from here")
        }
    })
}

impl Told {
    pub(super) fn new(flow: &FlowSettings, how: EndKind, dry_run: bool) -> Self {
        Self {
            flow: flow.name.to_string(),
            how,
            dry_run,
            ended: None,
            is_ended_now: false,
            source_answered: false,
            places: Vec::new(),
            groups: Vec::new(),
            standing: Vec::new(),
            group_problems: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Takes in where partitions and groups stand, in place of an earlier look.
    pub(super) fn take(&mut self, flow: &FlowSettings, looked: Looked) {
        let Looked { places, gone, refused, groups } = looked;
        self.places = places;
        self.source_answered = groups.source_answered;
        (self.groups, self.group_problems) = groups_told(flow, &groups);
        self.standing = groups.standing;
        self.problems.retain(|(_, problem)| !OF_A_LOOK.contains(&problem.code));
        if let Some(error) = refused {
            let what = "what the source holds is not known: it answers, and does not tell";
            let problem = Problem::new("source_untold", Scope::Flow(self.flow.clone()), what)
                .place(format!("cluster {}", flow.source))
                .cause(error.to_string())
                .hint("grant this user Describe and Read on the flow's topics there, and look again with --dry-run");
            self.problems.push((Exit::Inconclusive, problem));
        }
        for topic in gone {
            let what = format!("topic {topic} is left out: it is not there");
            let problem = Problem::new("topic_gone", Scope::Flow(self.flow.clone()), what)
                .place(format!("cluster {}", flow.target))
                .cause("it was deleted, or may not be seen (Describe)");
            self.problems.push((Exit::Inconclusive, problem));
        }
    }

    /// Notes the topics that the source does not show.
    pub(super) fn note_hidden(&mut self, hidden: Vec<Problem>) {
        self.problems.extend(hidden.into_iter().map(|problem| (Exit::Inconclusive, problem)));
    }

    /// Notes the partitions where the target keeps no other owner out.
    pub(super) fn note_open<'a>(
        &mut self,
        flow: &FlowSettings,
        mut open: impl Iterator<Item = &'a TopicPartition>,
    ) {
        let Some(first) = open.next() else { return };
        let what =
            format!("{} of {first} stays open to a replicator that wakes up", partitions(open.count() + 1));
        let problem = Problem::new("unfenced", Scope::Flow(self.flow.clone()), what)
            .place(format!("cluster {}", flow.target))
            .cause("the target grants no transactional id, by which other owners are kept out")
            .hint("make sure that no strait runs this flow any more")
            .hint(format!(
                "or grant this user Write on transactional ids that begin with strait.{}, before",
                self.flow
            ));
        self.problems.push((Exit::Inconclusive, problem));
    }

    /// What is to be copied before a planned end is not missing.
    fn is_to_be_drained(&self) -> bool {
        self.how == EndKind::Planned && self.ended.is_none()
    }

    fn missing_line(&self) -> String {
        let missing = Missing::of(&self.places);
        match self.is_to_be_drained() {
            true => format!("{} source offsets are to be copied first", missing.offsets),
            false => missing_line(missing),
        }
    }

    fn exit(&self) -> Exit {
        let missing = match self.is_to_be_drained() {
            true => Missing::default(),
            false => Missing::of(&self.places),
        };
        let problems = || self.problems.iter().chain(&self.group_problems);
        let any = |exit| problems().any(|(found, _)| *found == exit);
        match () {
            // The groups come last, and the flow is ended by then.
            () if missing.offsets > 0 || any(Exit::Bad) || any(Exit::Failed) => Exit::Bad,
            () if missing.unknown > 0 || any(Exit::Inconclusive) => Exit::Inconclusive,
            () => Exit::Done,
        }
    }

    fn partitions(&self) -> Vec<PartitionJson> {
        self.places.iter().map(PartitionJson::from).collect()
    }

    fn standing(&self) -> Vec<StandingJson> {
        self.standing.iter().map(StandingJson::from).collect()
    }

    fn flow_groups(&self) -> FlowGroups {
        FlowGroups {
            flow: self.flow.clone(),
            applied: !self.dry_run,
            groups_without_offsets: 0,
            groups: self.groups.clone(),
        }
    }

    fn tables(&self) -> Vec<String> {
        let groups = groups_sync::table(&[self.flow_groups()], true);
        let mut tables = vec![table(&self.partitions(), now_ms())];
        tables.extend(groups);
        tables.extend(standing_table(&self.standing()));
        tables
    }

    /// Shows on stderr what is about to be done.
    pub(super) fn show_plan(&self, context: &Context) {
        self.tables().iter().for_each(|table| context.output.words(table));
        self.tell_problems(context);
        context.output.words(&self.missing_line());
    }

    fn tell_problems(&self, context: &Context) {
        let problems: Vec<_> = self.problems.iter().chain(&self.group_problems).collect();
        let shown = problems.iter().take(PROBLEMS_SHOWN_MAX);
        shown.for_each(|(_, problem)| context.output.problem(problem));
        if problems.len() > PROBLEMS_SHOWN_MAX {
            let more = problems.len() - PROBLEMS_SHOWN_MAX;
            context.output.alarm(&format!("{more} more of these: --format json has all"));
        }
    }

    /// Prints what was done, or would be.
    pub(super) fn print(self, context: &Context) -> Exit {
        let (exit, output) = (self.exit(), &context.output);
        let missing = Missing::of(&self.places);
        if output.format() == Format::Json {
            let (partitions, standing) = (self.partitions(), self.standing());
            let errors = self.problems.iter().chain(&self.group_problems);
            let errors = errors.map(|(_, problem)| problem.to_json()).collect();
            let data = FailoverData {
                flow: self.flow,
                how: self.how.word(),
                dry_run: self.dry_run,
                ended: self.ended,
                source_answered: self.source_answered,
                missing: missing.into(),
                partitions,
                groups: self.groups,
                standing,
            };
            let (status, exit_code) = (exit.status(), exit.code());
            Document { schema: SCHEMA, status, exit_code, errors, data: Some(data) }.print(output);
            return exit;
        }
        output.data(&self.tables().join("\n\n"));
        self.tell_problems(context);
        if !self.groups.is_empty() {
            output.say(&Counts::of(&[self.flow_groups()]).line(!self.dry_run));
        }
        output.say(&self.missing_line());
        match (&self.ended, self.is_ended_now) {
            (Some(_), true) => {
                output.say(&format!("flow \"{}\" is ended: applications can go on at the target", self.flow));
            }
            (Some(ended), false) if ended.done_ms.is_none() => {
                output.say(&format!("nothing was changed; {ended}, and was interrupted: run it again"));
            }
            (Some(ended), false) => output.say(&format!("nothing is left to do: {ended}")),
            (None, _) => output.say("nothing was changed; the same without --dry-run ends the flow"),
        }
        exit
    }
}

//! What a failback has to say, and how it ends.

use super::super::Context;
use super::super::failover::told::{groups_told, partitions};
use crate::config::settings::FlowSettings;
use crate::engine::ended::Ended;
use crate::exit::Exit;
use crate::failback::begin::Begun;
use crate::failback::export::Exported;
use crate::failback::reopen::Reopened;
use crate::failback::reverse::Reverse;
use crate::failback::survey::Survey;
use crate::failback::way::{CameBack, Failback};
use crate::report::document::Document;
use crate::report::failback::{self, FailbackData, LeftOutJson, PartitionJson, SCHEMA, table};
use crate::report::groups_sync::{self, Counts, FlowGroups, Group};
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::types::TopicPartition;

/// Most problems told in text; JSON has all.
const PROBLEMS_SHOWN_MAX: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Surveyed,
    Begun,
    Done,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Self::Surveyed => "surveyed",
            Self::Begun => "begun",
            Self::Done => "done",
        }
    }
}

/// Gathers what is to be printed.
pub(super) struct Told {
    flow: String,
    source: String,
    reverse: String,
    reverse_is_configured: bool,
    reverse_config: String,
    dry_run: bool,
    step: Step,
    ended: Ended,
    partitions: Vec<PartitionJson>,
    left_out: Vec<LeftOutJson>,
    pub(super) exported: Vec<Exported>,
    groups: Vec<Group>,
    problems: Vec<(Exit, Problem)>,
}

impl Told {
    pub(super) fn new(flow: &FlowSettings, way: &Failback, survey: &Survey, dry_run: bool) -> Self {
        let reverse = way.reverse();
        let mut told = Self {
            flow: flow.name.to_string(),
            source: flow.source.to_string(),
            reverse: reverse.settings.name.to_string(),
            reverse_is_configured: reverse.is_configured,
            reverse_config: failback::config(&reverse.settings),
            dry_run,
            step: Step::Surveyed,
            ended: way.ended().clone(),
            partitions: Vec::new(),
            left_out: survey.left_out.iter().map(LeftOutJson::from).collect(),
            exported: Vec::new(),
            groups: Vec::new(),
            problems: Vec::new(),
        };
        told.take(survey, &[]);
        for left in &survey.left_out {
            let what = format!("topic {} is left out", left.topic);
            let problem =
                Problem::new(left.code, Scope::Flow(told.flow.clone()), what).cause(left.cause.clone());
            let hint =
                "exclude it from the flow, or see to it and run strait failback again before it is done";
            told.problems.push((Exit::Bad, problem.hint(hint)));
        }
        told.note_missing(survey);
        told
    }

    /// What nobody copied in time and retention took is lost; that is told, whatever else is done.
    fn note_missing(&mut self, survey: &Survey) {
        let missing = survey.partitions.iter().filter_map(|one| Some((&one.source, one.missing?)));
        let mut missing = missing.peekable();
        let Some((first, (from, to))) = missing.peek().map(|(one, span)| ((*one).clone(), *span)) else {
            return;
        };
        let what = format!("records of {} were never copied, and are gone", partitions(missing.count()));
        let problem = Problem::new("gap", Scope::Flow(self.flow.clone()), what)
            .place(format!("cluster {}", self.source))
            .cause(format!("{first} has no more the offsets {from} to {to}, say"));
        self.problems.push((Exit::Bad, problem));
    }

    /// Takes in where partitions stand.
    pub(super) fn take(&mut self, survey: &Survey, reopened: &[Reopened]) {
        self.partitions = failback::partitions(survey, reopened);
    }

    /// Says that nothing is done because nobody said what becomes of stranded records.
    pub(super) fn refuse(&mut self, flow: &FlowSettings) {
        let records: u64 = self.partitions.iter().map(|partition| partition.stranded()).sum();
        let what = format!("{records} records were never copied: say what becomes of them");
        let problem = Problem::new("stranded", Scope::Flow(flow.name.to_string()), what)
            .place(format!("cluster {}", flow.source))
            .cause("they were acknowledged there before the failover, and the target does not have them")
            .hint("--stranded append: copied behind what the target has by now")
            .hint("--stranded leave: they stay there, and are copied nowhere")
            .hint("--stranded export DIR: written to files first, then the same");
        self.problems.push((Exit::Bad, problem));
    }

    pub(super) fn begun(&mut self, flow: &FlowSettings, begun: &Begun) {
        self.step = Step::Begun;
        self.note_open(flow, &begun.unfenced);
    }

    /// Notes the partitions where the old source keeps no other owner out.
    fn note_open(&mut self, flow: &FlowSettings, open: &[TopicPartition]) {
        let Some(first) = open.first() else { return };
        if self.problems.iter().any(|(_, problem)| problem.code == "unfenced") {
            return;
        }
        let what = format!("{} of {first} stays open to a replicator that wakes up", partitions(open.len()));
        let problem = Problem::new("unfenced", Scope::Flow(self.reverse.clone()), what)
            .place(format!("cluster {}", flow.source))
            .cause("it grants no transactional id, by which other owners are kept out")
            .hint("make sure that no strait runs this flow any more");
        self.problems.push((Exit::Inconclusive, problem));
    }

    pub(super) fn came_back(&mut self, reverse: &Reverse, back: CameBack) {
        let (groups, problems) = groups_told(&reverse.settings, &back.looked.groups);
        self.groups = groups;
        self.problems.extend(problems);
    }

    pub(super) fn is_done(&mut self) {
        self.step = Step::Done;
    }

    fn exit(&self) -> Exit {
        let any = |exit| self.problems.iter().any(|(found, _)| *found == exit);
        match () {
            () if any(Exit::Bad) || any(Exit::Failed) => Exit::Bad,
            () if any(Exit::Inconclusive) => Exit::Inconclusive,
            () => Exit::Done,
        }
    }

    fn flow_groups(&self) -> FlowGroups {
        FlowGroups {
            flow: self.reverse.clone(),
            applied: !self.dry_run,
            groups_without_offsets: 0,
            groups: self.groups.clone(),
        }
    }

    fn tables(&self) -> Vec<String> {
        let mut tables = vec![table(&self.partitions)];
        tables.extend(groups_sync::table(&[self.flow_groups()], true));
        tables
    }

    /// Shows on stderr what is about to be done.
    pub(super) fn show_plan(&self, context: &Context) {
        self.tables().iter().for_each(|table| context.output.words(table));
        self.tell_problems(context);
    }

    fn tell_problems(&self, context: &Context) {
        self.problems
            .iter()
            .take(PROBLEMS_SHOWN_MAX)
            .for_each(|(_, problem)| context.output.problem(problem));
        if self.problems.len() > PROBLEMS_SHOWN_MAX {
            let more = self.problems.len() - PROBLEMS_SHOWN_MAX;
            context.output.alarm(&format!("{more} more of these: --format json has all"));
        }
    }

    /// Prints what was done, or would be.
    pub(super) fn print(self, context: &Context) -> Exit {
        let (exit, output) = (self.exit(), &context.output);
        if output.format() == Format::Json {
            let errors = self.problems.iter().map(|(_, problem)| problem.to_json()).collect();
            let config = (!self.reverse_is_configured).then_some(self.reverse_config);
            let data = FailbackData {
                flow: self.flow,
                reverse: self.reverse,
                reverse_is_configured: self.reverse_is_configured,
                reverse_config: config,
                dry_run: self.dry_run,
                step: self.step.word(),
                ended: self.ended,
                partitions: self.partitions,
                left_out: self.left_out,
                exported: self.exported,
                groups: self.groups,
            };
            let (status, exit_code) = (exit.status(), exit.code());
            Document { schema: SCHEMA, status, exit_code, errors, data: Some(data) }.print(output);
            return exit;
        }
        output.data(&self.tables().join("\n\n"));
        self.tell_problems(context);
        for file in &self.exported {
            output.say(&format!(
                "{} records in {}, crc32c {}",
                file.records,
                file.path.display(),
                file.crc32c
            ));
        }
        if !self.groups.is_empty() {
            output.say(&Counts::of(&[self.flow_groups()]).line(!self.dry_run));
        }
        self.say_end(context);
        exit
    }

    fn say_end(&self, context: &Context) {
        let Self { flow, reverse, source, .. } = self;
        match self.step {
            Step::Surveyed => context.output.say("nothing was changed"),
            Step::Begun if self.reverse_is_configured => {
                context.output.say(&format!("strait replicate --flow {reverse} copies back; then run this again"));
            }
            Step::Begun => {
                context.output.data(&format!("\n{}", self.reverse_config));
                context.output.say(&format!(
                    "with this in the configuration strait replicate --flow {reverse} copies back; then run this again"
                ));
            }
            Step::Done => context.output.say(&format!(
                "flow \"{flow}\" is back: applications can go on at {source}, and strait replicate --flow {flow} copies"
            )),
        }
    }
}

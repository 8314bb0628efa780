//! Gathers what a run of `topics sync` tells: text as it comes, or one document at the end.

use std::path::Path;

use super::super::Context;
use super::looking::{FlowLook, Look};
use super::sync::Refused;
use crate::exit::Exit;
use crate::provision::carry::Outcome;
use crate::provision::change::{Change, Counts};
use crate::provision::plan_file::Bound;
use crate::report::document::Document;
use crate::report::moves_bar::MovesBar;
use crate::report::output::{Format, Output};
use crate::report::problem::Problem;
use crate::report::rights::SOMEBODY;
use crate::report::topics_findings::FindingJson;
use crate::report::topics_outcome::{
    Applied, ChangeJson, FlowJson, SCHEMA, SummaryJson, SyncJson, outcome_word, problem,
};
use crate::report::topics_plan::{FlowText, render, summary};

/// Widest page for text: what is longer is hard to read.
const WIDTH_MAX: usize = 100;

/// Holds what was told, and tells.
pub struct Told {
    output: Output,
    width: usize,
    data: Option<SyncJson>,
    problems: Vec<Problem>,
}

impl Told {
    /// Begins with nothing told.
    pub fn new(context: &Context) -> Self {
        let output = context.output.clone();
        let width = output.width().min(WIDTH_MAX);
        Self { output, width, data: None, problems: Vec::new() }
    }

    /// Returns where it is told.
    pub fn output(&self) -> &Output {
        &self.output
    }

    fn is_text(&self) -> bool {
        self.output.format() == Format::Text
    }

    /// Tells what is to be done.
    pub fn plan(&mut self, look: &Look) {
        let changes: Vec<&[Change]> = look.flows.iter().map(|flow| flow.plan.changes.as_slice()).collect();
        self.tell(look, &changes);
    }

    /// Tells what a plan from a file does.
    pub fn planned(&mut self, look: &Look, bound: &[Bound]) {
        let changes: Vec<&[Change]> = bound.iter().map(Bound::changes).collect();
        self.tell(look, &changes);
    }

    fn tell(&mut self, look: &Look, changes: &[&[Change]]) {
        let mut counts = Counts::default();
        changes.iter().for_each(|changes| counts += Counts::of(changes.iter()));
        let findings = look.count_findings();
        let flow = |(flow, changes): (&FlowLook, &&[Change])| FlowJson {
            flow: flow.settings.name.to_string(),
            source: flow.plan.source.clone(),
            target: flow.plan.target.clone(),
            changes: changes.iter().map(|one| ChangeJson { change: one.clone(), outcome: None }).collect(),
            findings: flow
                .findings
                .iter()
                .map(|finding| FindingJson::new(finding, self.principals(flow)))
                .collect(),
        };
        let flows = look.flows.iter().zip(changes).map(flow).collect();
        self.data =
            Some(SyncJson { summary: SummaryJson { counts, findings }, flows, ..SyncJson::default() });
        if !self.is_text() {
            return;
        }
        for (flow, changes) in look.flows.iter().zip(changes) {
            if changes.is_empty() && flow.findings.is_empty() {
                continue;
            }
            let title = (look.flows.len() > 1).then(|| flow.settings.name.as_str());
            let text =
                FlowText { title, changes, findings: &flow.findings, principals: self.principals(flow) };
            self.output.data(&render(text, self.output.stdout_style(), self.width));
        }
        self.output.data(&summary(counts, findings));
    }

    fn principals(&self, flow: &FlowLook) -> [&str; 2] {
        let known = self.output.principals();
        known.and_then(|known| known.of_ends(flow.settings.name.as_str())).unwrap_or([SOMEBODY; 2])
    }

    /// Tells how to carry the plan out.
    pub fn how_to_apply(&self, look: &Look) {
        if look.has_changes() {
            self.output.say("Carry it out with --apply, or keep it with --out PLAN.");
        }
    }

    /// Tells where the plan was written to.
    pub fn written(&mut self, path: &Path) {
        let path = path.display().to_string();
        self.output.say(&format!("Carry it out with: strait topics sync --apply {path}"));
        if let Some(data) = &mut self.data {
            data.plan_file = Some(path);
        }
    }

    /// Makes the line that tells how far moves are.
    pub fn moves_bar(&self) -> MovesBar {
        MovesBar::new(&self.output)
    }

    /// Takes up what became of one flow's changes, and tells of failures.
    pub fn results(&mut self, flow: &FlowLook, results: &[(Change, Outcome)]) {
        let name = flow.settings.name.as_str();
        for (change, outcome) in results {
            let failure = problem(name, flow.settings.target.as_str(), change, outcome);
            for failure in failure.into_iter() {
                self.output.problem(&failure);
                self.problems.push(failure);
            }
        }
        let Some(data) = &mut self.data else { return };
        data.applied.get_or_insert_default().add(results);
        if let Some(told) = data.flows.iter_mut().find(|told| told.flow == name) {
            for (told, (_, outcome)) in told.changes.iter_mut().zip(results) {
                told.outcome = Some(outcome_word(outcome));
            }
        }
    }

    /// Tells what was done in all.
    pub fn applied(&self) {
        let applied: Option<Applied> = self.data.as_ref().and_then(|data| data.applied);
        if let Some(applied) = applied.filter(|_| self.is_text()) {
            self.output.data(&applied.line());
        }
    }

    /// Tells why nothing was done; returns how the run ends.
    pub fn refused(&mut self, refused: Refused) -> Exit {
        match &refused.drawing {
            Some(drawing) => self.output.words(drawing),
            None => refused.problems.iter().for_each(|problem| self.output.problem(problem)),
        }
        self.problems.extend(refused.problems);
        refused.exit
    }

    /// Prints the document where one is wanted.
    pub fn print(self, exit: Exit) -> Exit {
        if !self.is_text() {
            Document {
                schema: SCHEMA,
                status: exit.status(),
                exit_code: exit.code(),
                errors: self.problems.iter().map(Problem::to_json).collect(),
                data: self.data,
            }
            .print(&self.output);
        }
        exit
    }
}

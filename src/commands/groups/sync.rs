//! `strait groups sync`: what groups committed at the source, committed at the target.

use std::collections::BTreeMap;

use super::super::hidden::hidden;
use super::super::{Context, flows};
use super::{PATIENCE, open_both, refuse, state_topic};
use crate::config::patterns::{GroupSelector, PatternFault};
use crate::config::settings::{FlowSettings, Origin, Settings};
use crate::engine::mapping::{Both, Unmapped};
use crate::engine::origin::OriginFilter;
use crate::engine::state_read::StateReader;
use crate::exit::Exit;
use crate::groups::apply::{NotCommitted, apply};
use crate::groups::gather::{Gathered, Selection, gather};
use crate::groups::plan::{Blocked, GroupPlan, Left, Step, plan};
use crate::report::document::Document;
use crate::report::groups_sync::{Counts, FlowGroups, Group, SCHEMA, table};
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};

/// Most problems told in text; the table and JSON have all.
const PROBLEMS_SHOWN_MAX: usize = 10;

/// Plan or carry out the move of consumer groups' committed offsets from source to target
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait groups sync                       the plan: what would be committed, and what cannot be
  strait groups sync --apply               the same, carried out
  strait groups sync --group 'billing-*' --all

A group is moved only where it has no members at the target, never past what is copied, and never back
unless --allow-rewind is given. EXACTNESS is exact where going on reads nothing twice and leaves nothing
out, at_or_before where records may be read again.

Exit codes:
  0    every offset is in place, would be, or was committed
  1    no flow's groups could be read, or an offset was refused by the target
  2    usage or configuration error, found before any connection
  10   a group or an offset cannot be moved
  11   of a group or an offset it could not be found out")]
pub struct Args {
    /// Commit what the plan says
    #[arg(long)]
    apply: bool,

    /// Only these of the flow's groups: a name, a glob or re:EXPRESSION; may be given several times
    #[arg(long = "group", value_name = "PATTERN", value_parser = pattern)]
    groups: Vec<String>,

    /// Also take groups back that are further at the target than the source's offset says
    #[arg(long)]
    allow_rewind: bool,

    /// List offsets that are in place, too
    #[arg(long)]
    all: bool,
}

fn pattern(text: &str) -> Result<String, PatternFault> {
    GroupSelector::parse(&[text]).map(|_| text.to_owned())
}

/// Plans, prints, and with `--apply` commits.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let (settings, flows) = match selected(context) {
        Ok(found) => found,
        Err(refusal) => return refuse(context, SCHEMA, &refusal),
    };
    let mut told = Told::default();
    for flow in &flows {
        if let Err(problem) = told.flow(args, context, &settings, flow).await {
            told.problems.push((Exit::Inconclusive, *problem));
        }
    }
    told.print(args, context)
}

/// Picks the flows that carry groups along; none is a mistake.
fn selected(context: &Context) -> Result<(Settings, Vec<FlowSettings>), flows::Refusal> {
    let (settings, flows) = flows::selected(context)?;
    let (with, without): (Vec<_>, Vec<_>) = flows.into_iter().partition(|flow| !flow.groups.is_empty());
    if with.is_empty() {
        let names: Vec<&str> = without.iter().map(|flow| flow.name.as_str()).collect();
        let problem = Problem::new("no_groups", Scope::Config, "no flow carries consumer groups along")
            .place(settings.path.display().to_string())
            .cause(format!("groups is not set for {}", names.join(", ")))
            .hint("set groups = [\"*\"] in the flow's table, or name the groups there");
        return Err(problem.into());
    }
    Ok((settings, with))
}

/// Gathers what is to be printed.
#[derive(Default)]
struct Told {
    flows: Vec<FlowGroups>,
    problems: Vec<(Exit, Problem)>,
}

#[derive(serde::Serialize)]
struct Data {
    flows: Vec<FlowGroups>,
}

impl Told {
    async fn flow(
        &mut self,
        args: &Args,
        context: &Context,
        settings: &Settings,
        flow: &FlowSettings,
    ) -> Result<(), Box<Problem>> {
        let (source, target) = open_both(settings, flow, context.timeout).await?;
        let origin = OriginFilter::new(source.clone(), flow.origin == Origin::Local);
        let both = Both { source: &source, target: &target, flow, origin: &origin, patience: PATIENCE };
        let only = if args.groups.is_empty() { None } else { GroupSelector::parse(&args.groups).ok() };
        let selection = Selection { flow: &flow.groups, only: only.as_ref() };
        let mut state = StateReader::new(target.clone(), state_topic(flow));
        let gathered = gather(&both, selection, &mut state).await.map_err(|error| Problem::from(&error))?;
        self.problems.extend(gathered.failures.iter().map(|error| (Exit::Inconclusive, error.into())));
        let hidden = hidden(&source, flow, |_| true, PATIENCE).await;
        self.problems.extend(hidden.into_iter().map(|problem| (Exit::Inconclusive, problem)));
        if !gathered.has_state {
            let topic = state.topic();
            context.output.warn(&format!("flow \"{}\" never ran: there is no topic {topic}", flow.name));
        }
        let plans = plan(&gathered.found, args.allow_rewind);
        let outcomes = if args.apply { apply(&target, &plans, PATIENCE).await } else { BTreeMap::new() };
        let outcome = |plan: &GroupPlan| {
            let of_group = outcomes.get(&plan.group);
            move |planned: &crate::groups::plan::Move| {
                let outcome = of_group?.get(&planned.target)?;
                planned.is_change().then(|| outcome.clone())
            }
        };
        let groups: Vec<Group> = plans.iter().map(|plan| Group::of(plan, outcome(plan))).collect();
        for plan in &plans {
            note(&mut self.problems, flow, plan, outcomes.get(&plan.group));
        }
        let Gathered { without_offsets, .. } = gathered;
        self.flows.push(FlowGroups {
            flow: flow.name.to_string(),
            applied: args.apply,
            groups_without_offsets: without_offsets,
            groups,
        });
        Ok(())
    }

    fn exit(&self) -> Exit {
        let any = |exit| self.problems.iter().any(|(found, _)| *found == exit);
        match () {
            () if self.flows.is_empty() || any(Exit::Failed) => Exit::Failed,
            () if any(Exit::Bad) => Exit::Bad,
            () if any(Exit::Inconclusive) => Exit::Inconclusive,
            () => Exit::Done,
        }
    }

    fn print(self, args: &Args, context: &Context) -> Exit {
        let exit = self.exit();
        let output = &context.output;
        if output.format() == Format::Json {
            Document {
                schema: SCHEMA,
                status: exit.status(),
                exit_code: exit.code(),
                errors: self.problems.iter().map(|(_, problem)| problem.to_json()).collect(),
                data: (!self.flows.is_empty()).then_some(Data { flows: self.flows }),
            }
            .print(output);
            return exit;
        }
        if let Some(table) = table(&self.flows, args.all) {
            output.data(&table);
        }
        let shown = self.problems.iter().take(PROBLEMS_SHOWN_MAX);
        shown.for_each(|(_, problem)| output.problem(problem));
        let more = self.problems.len().saturating_sub(PROBLEMS_SHOWN_MAX);
        if more > 0 {
            output.alarm(&format!(
                "{more} more of these: the table names each, --format json gives their causes"
            ));
        }
        if !self.flows.is_empty() {
            let counts = Counts::of(&self.flows);
            output.say(&counts.line(args.apply));
            if !args.apply && counts.changes > 0 {
                output.say("nothing was changed; --apply commits it");
            }
        }
        exit
    }
}

/// Notes what is to be said of a group beyond its rows.
pub(in crate::commands) fn note(
    problems: &mut Vec<(Exit, Problem)>,
    flow: &FlowSettings,
    plan: &GroupPlan,
    outcome: Option<&crate::groups::apply::Outcome>,
) {
    let group = &plan.group;
    let scope = || Scope::Flow(flow.name.to_string());
    if let Some(why) = &plan.blocked {
        let exit = if why.is_known() { Exit::Bad } else { Exit::Inconclusive };
        let problem = Problem::new(why.code(), scope(), format!("group \"{group}\" cannot be moved"))
            .place(format!("flow {}, {} to {}", flow.name, flow.source, flow.target))
            .cause(why.to_string());
        problems.push((exit, problem.hint(hint(why))));
    }
    let mut left: BTreeMap<&'static str, (usize, &Left, String)> = BTreeMap::new();
    for planned in &plan.moves {
        if let Step::Left(why) = &planned.step
            && !matches!(why, Left::Blocked)
        {
            left.entry(why.code()).or_insert((0, why, planned.source.to_string())).0 += 1;
        }
    }
    for (code, (count, why, first)) in left {
        let exit = if why.is_known() { Exit::Bad } else { Exit::Inconclusive };
        let what = format!("group \"{group}\" stays as it is in {}", partitions(count, &first));
        let place = format!("flow {}, {} to {}", flow.name, flow.source, flow.target);
        let problem = Problem::new(code, scope(), what).place(place).cause(why.to_string());
        problems.push((exit, left_hint(why).into_iter().fold(problem, Problem::hint)));
    }
    let failed: Vec<_> =
        outcome.into_iter().flatten().filter_map(|(p, o)| Some((p, o.as_ref().err()?))).collect();
    if let Some((first, why)) = failed.first() {
        let what =
            format!("group \"{group}\" was not moved in {}", partitions(failed.len(), &first.to_string()));
        let place = format!("cluster {}", flow.target);
        let problem = Problem::new(why.code(), scope(), what).place(place).cause(why.to_string());
        let hint = match why {
            NotCommitted::Active => "stop its members there, then run it again",
            _ => "grant this user READ on the group and on the target topics, then run it again",
        };
        problems.push((Exit::Failed, problem.hint(hint)));
    }
}

fn partitions(count: usize, first: &str) -> String {
    match count {
        1 => first.to_owned(),
        count => format!("{first} and {} more partitions", count - 1),
    }
}

fn hint(why: &Blocked) -> &'static str {
    match why {
        Blocked::Active { .. } => {
            "stop its members at the target; what is read there already is theirs to commit"
        }
        Blocked::Source(_) => "grant this user DESCRIBE on the group and on its topics at the source",
        Blocked::Target(_) => "grant this user DESCRIBE and READ on the group at the target",
    }
}

fn left_hint(why: &Left) -> Option<String> {
    Some(match why {
        Left::TargetAhead { .. } => {
            "--allow-rewind takes it back, and it reads those records again".to_owned()
        }
        Left::Untranslated(_) => {
            "the flow began behind it; have the group commit a later offset, or copy those records".to_owned()
        }
        Left::Unmapped(why) if why.code() == "not_copied" => "run strait replicate first".to_owned(),
        Left::Unmapped(Unmapped::Missing { alias }) => {
            format!("create it, or grant this user Read on it, which includes Describe, at cluster {alias}")
        }
        _ => return None,
    })
}

//! `strait topics sync`: plans, by default; carries out with `--apply`.

use std::path::PathBuf;

use super::super::{Context, flows};
use super::applying;
use super::looking::{self, Asked, Look};
use super::planned;
use super::telling::Told;
use crate::config::settings::Pattern;
use crate::config::units::parse_rate;
use crate::exit::Exit;
use crate::provision::diff::Options;
use crate::provision::plan_file::{Bound, PlanFile};
use crate::provision::snapshot::Scope;
use crate::report::problem::{self, Problem};

/// Make the target's topics like the source's: partitions, configs, replicas, ACLs; plans by default
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait topics sync                             what would be done
  strait topics sync --apply                     do it
  strait topics sync --out plan.json             keep the plan, to be looked at
  strait topics sync --apply plan.json           do what it says, if nothing has changed since
  strait topics sync --only 'orders.*' --prune   part of the topics; extra configs go
  strait topics sync --fix-replication --throttle 50MB/s --apply

+ is created, ~ changed, - deleted; ! is a finding (cannot be made as wished), ? a note.

Exit codes:
  0    planned, or all of it done
  1    could not do it, a change failed, or a plan no longer fits
  2    usage or configuration error; with --detailed-exitcode: there are changes, and errors are 1
  10   done as far as it can be, and there are findings
  130  interrupted (Ctrl-C), 143 terminated: moves of replicas are taken back, what is done stays")]
pub struct Args {
    /// Carry out: a plan made with --out, or what is found now
    #[arg(long, value_name = "PLAN", num_args = 0..=1, conflicts_with_all = ["out", "detailed_exitcode"])]
    apply: Option<Option<PathBuf>>,

    /// Write the plan to this file
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,

    /// End with 0 where nothing is to be done, 2 where there are changes, 1 after an error
    #[arg(long)]
    detailed_exitcode: bool,

    /// Delete copies whose topic is gone from the source
    #[arg(long)]
    allow_delete: bool,

    /// Take configs away that only the target's topic has
    #[arg(long)]
    prune: bool,

    /// Copy ACLs of the topics, for reading
    #[arg(long)]
    acls: bool,

    /// With --acls: also those that let somebody write at the target
    #[arg(long, requires = "acls")]
    acl_writes: bool,

    /// Move replicas until their number is provision.replication_factor
    #[arg(long)]
    fix_replication: bool,

    /// Take throttles away that a run left behind which was killed while it moved replicas
    #[arg(long)]
    clear_throttles: bool,

    /// What a broker may spend on moving replicas, such as 50MB/s [default: no limit]
    #[arg(long, value_name = "BYTES/s", requires = "apply", value_parser = parse_rate)]
    throttle: Option<u64>,

    /// Only these source topics: a name, a glob, or re: and a regular expression; repeatable
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    only: Vec<Typed>,

    /// Without these source topics; repeatable
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    exclude: Vec<Typed>,
}

/// Holds a pattern and how it was typed.
#[derive(Clone, Debug)]
struct Typed {
    text: String,
    pattern: Pattern,
}

fn pattern(text: &str) -> Result<Typed, crate::config::patterns::PatternFault> {
    Ok(Typed { text: text.to_owned(), pattern: Pattern::parse(text)? })
}

impl Args {
    fn asked(&self) -> Asked {
        let patterns = |typed: &[Typed]| typed.iter().map(|one| one.pattern.clone()).collect();
        Asked {
            options: Options {
                allow_delete: self.allow_delete,
                prune: self.prune,
                acls: self.acls,
                acl_writes: self.acl_writes,
                fix_replication: self.fix_replication,
                clear_throttles: self.clear_throttles,
            },
            scope: Scope { only: patterns(&self.only), exclude: patterns(&self.exclude) },
        }
    }

    /// Says which option was typed that a plan from a file already answers.
    fn shaping(&self, context: &Context) -> Option<&'static str> {
        [
            ("--flow", !context.flows.is_empty()),
            ("--allow-delete", self.allow_delete),
            ("--prune", self.prune),
            ("--acls", self.acls),
            ("--fix-replication", self.fix_replication),
            ("--clear-throttles", self.clear_throttles),
            ("--only", !self.only.is_empty()),
            ("--exclude", !self.exclude.is_empty()),
        ]
        .into_iter()
        .find_map(|(name, is_typed)| is_typed.then_some(name))
    }
}

/// Plans or carries out, and tells it.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let mut told = Told::new(context);
    let exit = match &args.apply {
        Some(Some(path)) => apply_file(args, path, context, &mut told).await,
        Some(None) => apply_now(args, context, &mut told).await,
        None => plan(args, context, &mut told).await,
    };
    let exit = exit.unwrap_or_else(|refusal| told.refused(*refusal));
    let exit = match exit {
        // 2 says that there are changes, so that nothing else may.
        Exit::Usage if args.detailed_exitcode => Exit::Failed,
        exit => exit,
    };
    told.print(exit)
}

/// Says why nothing was done.
#[derive(Debug)]
pub struct Refused {
    /// How the run ends.
    pub exit: Exit,
    /// Why, as drawn for people where the four parts do not show it best.
    pub drawing: Option<String>,
    /// Why.
    pub problems: Vec<Problem>,
}

impl Refused {
    /// Makes it from one problem.
    pub fn one(exit: Exit, problem: Problem) -> Box<Self> {
        Box::new(Self { exit, drawing: None, problems: vec![problem] })
    }
}

impl From<flows::Refusal> for Box<Refused> {
    fn from(refusal: flows::Refusal) -> Self {
        let (drawing, problems) = (refusal.drawing, refusal.problems);
        Box::new(Refused { exit: Exit::Usage, drawing, problems })
    }
}

async fn plan(args: &Args, context: &Context, told: &mut Told) -> Result<Exit, Box<Refused>> {
    let (settings, flows) = flows::selected(context)?;
    let flows = looking::provisioned(flows, context)?;
    let look = looking::look(&settings, flows, args.asked(), context).await?;
    told.plan(&look);
    if let Some(path) = &args.out {
        planned::write(path, &file(args, &look))?;
        told.written(path);
    } else {
        told.how_to_apply(&look);
    }
    Ok(match () {
        () if args.detailed_exitcode && look.has_changes() => Exit::Changes,
        () if look.has_findings() => Exit::Bad,
        () => Exit::Done,
    })
}

fn file(args: &Args, look: &Look) -> PlanFile {
    let texts = |typed: &[Typed]| typed.iter().map(|one| one.text.clone()).collect();
    let flows = look.flows.iter().map(|flow| flow.plan.clone()).collect();
    PlanFile::new(planned::now(), look.options.clone(), texts(&args.only), texts(&args.exclude), flows)
}

async fn apply_now(args: &Args, context: &Context, told: &mut Told) -> Result<Exit, Box<Refused>> {
    let (settings, flows) = flows::selected(context)?;
    let flows = looking::provisioned(flows, context)?;
    let look = looking::look(&settings, flows, args.asked(), context).await?;
    told.plan(&look);
    let bound = look.flows.iter().map(|flow| Bound::fresh(flow.plan.clone())).collect();
    Ok(applying::apply(&look, bound, args.throttle, told).await)
}

async fn apply_file(
    args: &Args,
    path: &std::path::Path,
    context: &Context,
    told: &mut Told,
) -> Result<Exit, Box<Refused>> {
    if let Some(option) = args.shaping(context) {
        let problem =
            Problem::new("usage", problem::Scope::Command, format!("{option} does not go with a plan"))
                .place(path.display().to_string())
                .cause("the plan says what it holds")
                .hint(format!("plan again with {option} and --out, or leave it out"));
        return Err(Refused::one(Exit::Usage, problem));
    }
    let plan = planned::read(path)?;
    let (settings, flows) = flows::selected(context)?;
    let flows = planned::flows(path, &plan, flows)?;
    let asked = planned::asked(path, &plan)?;
    let look = looking::look(&settings, flows, asked, context).await?;
    let bound = planned::bind(path, plan, &look)?;
    told.planned(&look, &bound);
    Ok(applying::apply(&look, bound, args.throttle, told).await)
}

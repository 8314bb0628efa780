//! The flows a command is about: the configuration, and what `--flow` selects of it.

use std::path::{Path, PathBuf};

use super::Context;
use crate::config::settings::{FlowSettings, Settings};
use crate::config::{self, suggest};
use crate::exit::Exit;
use crate::report::document::Document;
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};
use crate::report::rights::Principals;
use crate::types::ClusterId;

/// Says why a command cannot begin; every problem is one of usage (exit 2).
#[derive(Debug)]
pub struct Refusal {
    /// The problems as drawn for people, where the four parts alone do not show them best.
    pub drawing: Option<String>,
    /// The problems.
    pub problems: Vec<Problem>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { drawing: None, problems: vec![problem] }
    }
}

impl Refusal {
    /// Tells why, and ends the command; `schema` is the one of its JSON document.
    pub(super) fn tell(&self, context: &Context, schema: &'static str) -> Exit {
        match &self.drawing {
            Some(drawing) => context.output.words(drawing),
            None => self.problems.iter().for_each(|problem| context.output.problem(problem)),
        }
        if context.output.format() == Format::Json {
            Document::<()>::failed(schema, Exit::Usage, &self.problems).print(&context.output);
        }
        Exit::Usage
    }
}

/// Reads the configuration, tells its warnings, and picks the flows.
pub fn selected(context: &Context) -> Result<(Settings, Vec<FlowSettings>), Refusal> {
    let env = |name: &str| std::env::var(name).ok();
    let path = find(context, &env)?;
    let loaded = config::load(&path, &env).map_err(|failure| {
        let output = &context.output;
        Refusal {
            drawing: Some(failure.render(output.stderr_color(), output.width())),
            problems: failure.findings().map(Problem::from).collect(),
        }
    })?;
    for warning in &loaded.warnings {
        context.output.warn(&warning.to_string());
    }
    let settings = loaded.settings;
    context.output.learn(Principals::new(&settings));
    let flows = pick(context, &settings, &path)?;
    Ok((settings, flows))
}

/// Picks the one flow that a command is about: the one that `--flow` names, or the only one there is. `what` says
/// that it is one at a time.
pub fn only_one(context: &Context, what: &str) -> Result<(Settings, FlowSettings), Refusal> {
    let (settings, mut flows) = selected(context)?;
    if flows.len() > 1 {
        let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
        let problem = Problem::new("several_flows", Scope::Command, what)
            .place(settings.path.display().to_string())
            .cause(format!("its flows are {}", names.join(", ")))
            .hint("name one with --flow");
        return Err(problem.into());
    }
    match flows.pop() {
        Some(flow) => Ok((settings, flow)),
        None => Err(Problem::new("no_flow", Scope::Config, "the configuration has no flow").into()),
    }
}

/// Says that both ends of a flow are one cluster.
pub fn one_cluster(flow: &FlowSettings, id: &ClusterId) -> Problem {
    let what = format!("source and target of flow \"{}\" are one cluster", flow.name);
    Problem::new("one_cluster", Scope::Flow(flow.name.to_string()), what)
        .place(format!("clusters {} and {}", flow.source, flow.target))
        .cause(format!("both report the id {id}"))
        .hint("correct bootstrap_servers of one of them")
}

/// Finds the configuration.
pub(super) fn find(context: &Context, env: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, Refusal> {
    if let Some(path) = &context.config {
        return Ok(path.clone());
    }
    let problem = |what: &str| Problem::new("no_config", Scope::Config, what);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let here = std::env::current_dir().map_err(|error| {
        problem("the working directory cannot be read")
            .cause(error.to_string())
            .hint("name the configuration with --config FILE")
    })?;
    Ok(config::discover(&here, env, home.as_deref()).ok_or_else(|| {
        problem("no configuration was found")
            .place(format!("{}, up to the repository's root, then the XDG config folder", here.display()))
            .cause("there is no strait.toml")
            .hint("name one with --config FILE or STRAIT_CONFIG")
    })?)
}

/// Picks the flows that `--flow` names, or all.
pub(super) fn pick(
    context: &Context,
    settings: &Settings,
    path: &Path,
) -> Result<Vec<FlowSettings>, Refusal> {
    if context.flows.is_empty() {
        return Ok(settings.flows.values().cloned().collect());
    }
    let known: Vec<&str> = settings.flows.keys().map(|flow| flow.as_str()).collect();
    let mut flows = Vec::new();
    let mut problems = Vec::new();
    for name in &context.flows {
        match settings.flows.get(name.as_str()) {
            Some(flow) => flows.push(flow.clone()),
            None => problems.push(unknown_flow(name.as_str(), &known, path)),
        }
    }
    if problems.is_empty() { Ok(flows) } else { Err(Refusal { drawing: None, problems }) }
}

fn unknown_flow(name: &str, known: &[&str], path: &Path) -> Problem {
    let what = format!("no flow is called \"{name}\"");
    let problem = Problem::new("unknown_flow", Scope::Command, what)
        .place(path.display().to_string())
        .cause(format!("its flows are {}", known.join(", ")));
    match suggest::nearest(name, known.iter().copied()) {
        Some(meant) => problem.hint(format!("did you mean --flow {meant}?")),
        None => problem.hint("leave --flow out for all flows"),
    }
}

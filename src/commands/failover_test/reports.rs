//! What a drill's outcome is written to: the terminal, JSON, JUnit, a page, the list of what is missing.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::super::Context;
use super::{Args, Ran, SCHEMA};
use crate::drill::play::error::{DrillError, in_words};
use crate::drill::play::plan::Plan;
use crate::drill::play::played::Played;
use crate::exit::Exit;
use crate::report::document::Document;
use crate::report::drill::rehearsal::{About, Rehearsal};
use crate::report::drill::{junit, missing, page, text};
use crate::report::output::Format;
use crate::report::problem::{Problem, Scope};

/// Says why a drill was not played, with what to try.
pub(super) fn problem(error: &DrillError) -> Problem {
    let what = "the drill could not be played to its end";
    let problem = Problem::new("drill", Scope::Command, what).cause(in_words(error));
    match error {
        DrillError::Door(_) | DrillError::Connect(_) => {
            problem.hint("`strait validate` says what keeps Strait from a cluster")
        }
        DrillError::Stage(_) => {
            problem.hint("the drill needs Create, Delete, Read and Write on topics strait-drill-*")
        }
        DrillError::Hook(_) => {
            problem.hint("try the command by itself; it runs by sh -c and has to end with 0")
        }
        _ => problem.hint("-v shows what happens; a lower --rate helps where this machine is busy"),
    }
}

#[derive(Serialize)]
struct Planned<'a> {
    dry_run: bool,
    drill: String,
    scenario: &'a str,
    of_flow: &'a str,
    source: &'a str,
    target: &'a str,
    topics: Vec<String>,
    groups: Vec<String>,
    seed: String,
    acts: Vec<PlannedAct>,
}

#[derive(Serialize)]
struct PlannedAct {
    at_seconds: f64,
    act: &'static str,
}

/// Says what would be done.
pub(super) fn dry_run(context: &Context, args: &Args, plan: &Plan) -> Exit {
    let output = &context.output;
    let acts = plan.scenario.acts(plan.load.duration, plan.seed);
    let planned = Planned {
        dry_run: true,
        drill: plan.id.to_string(),
        scenario: plan.scenario.name(),
        of_flow: plan.of_flow.as_str(),
        source: plan.source.alias.as_str(),
        target: plan.target.alias.as_str(),
        topics: plan.id.topics().iter().map(ToString::to_string).collect(),
        groups: plan.id.groups().to_vec(),
        seed: format!("{:x}", plan.seed),
        acts: acts
            .iter()
            .map(|(at, act)| PlannedAct { at_seconds: at.as_secs_f64(), act: act.word() })
            .collect(),
    };
    if output.format() == Format::Json {
        let (status, exit_code) = (Exit::Done.status(), Exit::Done.code());
        Document { schema: SCHEMA, status, exit_code, data: Some(planned), errors: Vec::new() }.print(output);
        return Exit::Done;
    }
    let load = plan.load;
    let mut lines = vec![
        format!(
            "Scenario {} of flow {}: {} to {}",
            planned.scenario, planned.of_flow, planned.source, planned.target
        ),
        format!(
            "An application writes {} records/s of {} bytes to {} partitions for {}{}{}",
            load.rate,
            load.size,
            load.partitions,
            humantime::format_duration(load.duration),
            if load.is_transactional { ", in transactions" } else { "" },
            if load.is_compacted { ", compacted" } else { "" },
        ),
        format!("Made at both clusters: topics {}", planned.topics.join(", ")),
        format!("                       groups {}", planned.groups.join(", ")),
    ];
    for act in &planned.acts {
        lines.push(format!("{:6.1}s  {}", act.at_seconds, act.act));
    }
    let cut = match (&args.fault_cmd, plan.scenario.loses_region()) {
        (Some(command), true) => format!("Then the source region is lost: {command}"),
        (None, true) => "Then the drill's own ways to the source are cut".to_owned(),
        (_, false) => "Then the writers stop, and the rest is copied".to_owned(),
    };
    lines.push(cut);
    if plan.comes_back {
        lines.push("At last the application comes back to the source region".to_owned());
    }
    output.data(&lines.join("\n"));
    output.say("Nothing was made; the same without --dry-run plays it.");
    Exit::Done
}

/// Writes the reports that were asked for, and tells the verdict.
pub(super) fn tell(context: &Context, args: &Args, ran: &Ran, played: &Played, left: &[Problem]) -> Exit {
    let (output, plan) = (&context.output, &ran.plan);
    let about = about(args, ran);
    let rehearsal = Rehearsal::new(plan, played, &about);
    let mut problems = left.to_vec();
    for (file, cause) in write_all(args, plan, played, (&rehearsal, &about)) {
        let problem = cannot_write(&file, cause);
        output.problem(&problem);
        problems.push(problem);
    }
    let verdict = played.judged.verdict().exit();
    let exit = if verdict == Exit::Done && !problems.is_empty() { Exit::Failed } else { verdict };
    if output.format() == Format::Json {
        let (status, exit_code) = (exit.status(), exit.code());
        let errors = problems.iter().map(Problem::to_json).collect();
        Document { schema: SCHEMA, status, exit_code, data: Some(&rehearsal), errors }.print(output);
        return exit;
    }
    output.data(&text::render(&rehearsal, output.stdout_style()));
    exit
}

/// Writes what can be of a drill that was not played: whoever reads only the files has to see that.
pub(super) fn write_failure(context: &Context, args: &Args, ran: &Ran, problem: &Problem) {
    let Some(file) = &args.junit else { return };
    let written = junit::not_played(&ran.plan, &ran.phases, problem).map_err(|error| error.to_string());
    let written = written.and_then(|text| write(file, &text).map_err(|error| error.to_string()));
    if let Err(cause) = written {
        context.output.problem(&cannot_write(&file.display().to_string(), cause));
    }
}

fn cannot_write(file: &str, cause: String) -> Problem {
    Problem::new("report", Scope::Command, format!("cannot write {file}"))
        .cause(cause)
        .hint("the verdict stands; name a file in a folder that is there")
}

/// Writes each report; returns those that could not be, each with the cause.
fn write_all(
    args: &Args,
    plan: &Plan,
    played: &Played,
    (rehearsal, about): (&Rehearsal, &About),
) -> Vec<(String, String)> {
    let mut failed = Vec::new();
    let mut note = |file: &Path, written: Result<(), String>| {
        if let Err(cause) = written {
            failed.push((file.display().to_string(), cause));
        }
    };
    let save = |file: &Path, text: Result<String, String>| {
        text.and_then(|text| write(file, &text).map_err(|error| error.to_string()))
    };
    if let Some(file) = &args.junit {
        note(file, save(file, junit::document(rehearsal).map_err(|error| error.to_string())));
    }
    if let Some(file) = &args.html {
        note(file, save(file, page::render(plan, played, about).map_err(|error| error.to_string())));
    }
    let is_missing = played.findings.logs.values().any(|log| !log.lost.is_empty());
    if args.artifacts.is_some() || is_missing {
        let folder = args.artifacts.clone().unwrap_or_else(|| format!("strait-drill-{}", plan.id).into());
        let file = folder.join("missing.jsonl");
        note(&file, missing_lines(&folder, &file, plan, played).map_err(|error| error.to_string()));
    }
    failed
}

fn missing_lines(folder: &Path, file: &Path, plan: &Plan, played: &Played) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let out = io::BufWriter::new(std::fs::File::create(file)?);
    missing::write(&played.findings, plan.work().keys, out).map(drop)
}

/// Writes a file whole; its folder is made where it is not there.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text)
}

/// Says what the outcome does not hold: when it began, and what plays it again.
fn about(args: &Args, ran: &Ran) -> About {
    let plan = &ran.plan;
    let load = &plan.load;
    let mut words = vec!["strait failover-test".to_owned()];
    match args.sandbox {
        true => words.push("--sandbox".to_owned()),
        false => words.push(format!("--flow {}", plan.of_flow)),
    }
    words.push(format!("--scenario {} --seed {:x}", plan.scenario.name(), plan.seed));
    words.push(format!("--rate {} --size {} --partitions {}", load.rate, load.size, load.partitions));
    words.push(format!(
        "--duration {}",
        humantime::format_duration(load.duration).to_string().replace(' ', "")
    ));
    let switches = [
        (load.is_transactional, "--transactional"),
        (load.is_compacted, "--compacted"),
        (!plan.comes_back, "--one-way"),
    ];
    words.extend(switches.into_iter().filter(|(is_on, _)| *is_on).map(|(_, word)| word.to_owned()));
    let hooks = [("--fault-cmd", &args.fault_cmd), ("--heal-cmd", &args.heal_cmd)];
    for (option, command) in hooks {
        if let Some(command) = command {
            words.push(format!("{option} '{}'", command.replace('\'', "'\\''")));
        }
    }
    About { started: ran.started, again: words.join(" ") }
}

//! `strait validate`: everything that is wrong with the configuration and the clusters, without changing
//! anything.

use std::path::PathBuf;

use super::Context;
use super::flows::{self, Refusal};
use crate::config::places::Places;
use crate::config::source::SourceText;
use crate::config::{self, ConfigError, ConfigFailure, Loaded};
use crate::exit::Exit;
use crate::report::findings::{self, SCHEMA};
use crate::report::output::Format;
use crate::report::problem::Problem;
use crate::validate::run::{self, Report};

/// The formats of stdout.
pub const FORMATS: &[Format] = &[Format::Text, Format::Json, Format::Junit, Format::Github, Format::Sarif];

/// Check the configuration, and the clusters it names; nothing is changed anywhere
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait validate                      all checks, those at the clusters too
  strait validate --offline --strict   the file alone, warnings counted: for CI without a network
  strait validate --format junit       for CI that shows test reports
  strait validate --format github      annotations of GitHub Actions; sarif for code scanning

Each finding is a line FILE:LINE:COLUMN SEVERITY CHECK MESSAGE, and what to do below it. Every check
has its section in docs/checks.md.

Exit codes:
  0    no errors found
  1    a cluster could not be reached; everything else was checked
  2    usage error, or no configuration that can be read
  10   errors found; with --strict, or warnings
  11   no errors found, and some checks could not be made")]
pub struct Args {
    /// Look at the file alone; open no connection, and read no secrets
    #[arg(long)]
    offline: bool,

    /// Make errors of all warnings
    #[arg(long)]
    strict: bool,
}

/// Makes the checks and prints what they found.
pub async fn run(args: &Args, context: &Context) -> Exit {
    let report = match report(args, context).await {
        Ok(report) => report,
        Err(refusal) => return refusal.tell(context, SCHEMA),
    };
    let report = if args.strict { report.strict() } else { report };
    findings::print(&report, &context.output);
    report.exit()
}

async fn report(args: &Args, context: &Context) -> Result<Report, Refusal> {
    let env = |name: &str| std::env::var(name).ok();
    let path = shown(flows::find(context, &env)?);
    let source = config::read(&path).map_err(|failure| unreadable(&failure))?;
    let loaded = load(args, &source, &env);
    let Loaded { settings, warnings } = match loaded {
        Ok(loaded) => loaded,
        Err(failure) => return Ok(run::unsound(&failure)),
    };
    let flows = flows::pick(context, &settings, &path)?;
    let places = Places::new(&source);
    let report = run::offline(&places, &settings, &warnings);
    if args.offline {
        return Ok(report);
    }
    Ok(run::online(report, &places, &settings, &flows, context.timeout).await)
}

fn load(
    args: &Args,
    source: &SourceText,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigFailure> {
    if args.offline { config::load_without_secrets(source) } else { config::load_text(source.clone(), env) }
}

/// Names a file below the working directory by its path from there, as CI systems want it.
fn shown(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok().map(PathBuf::from)).unwrap_or(path)
}

fn unreadable(failure: &ConfigFailure) -> Refusal {
    debug_assert!(failure.errors().all(|error| matches!(error, ConfigError::Unreadable { .. })));
    Refusal { drawing: None, problems: failure.findings().map(Problem::from).collect() }
}

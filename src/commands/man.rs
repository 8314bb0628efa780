//! `strait man`: prints the manual page, or writes all of them to a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Context;
use crate::exit::Exit;
use crate::report::problem::{Problem, Scope};

/// Print the manual page, or write all pages to a folder
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  strait man | man -l -                      read it
  strait man --dir /usr/local/share/man/man1")]
pub struct Args {
    /// Write strait.1 and one page per subcommand to this folder, making it where it is missing
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Prints or writes the pages of `command`, the definition of the whole command line.
pub fn run(args: &Args, command: clap::Command, context: &Context) -> Exit {
    let written = pages(command).and_then(|pages| match &args.dir {
        None => {
            pages.iter().take(1).for_each(|page| context.output.data_bytes(&page.text));
            Ok(())
        }
        Some(dir) => write_pages(dir, &pages),
    });
    match written {
        Ok(()) => Exit::Done,
        Err(error) => {
            let mut problem = Problem::new("man_page", Scope::Command, "cannot write the manual pages")
                .cause(error.to_string());
            if let Some(dir) = &args.dir {
                problem = problem.place(dir.display().to_string()).hint("name a folder you may write to");
            }
            context.output.problem(&problem);
            Exit::Failed
        }
    }
}

/// Holds one manual page in roff.
#[derive(Clone, Debug)]
pub struct Page {
    /// The file's name, such as `strait-replicate.1`.
    pub file_name: String,
    /// The page.
    pub text: Vec<u8>,
}

/// Returns the main page, then one per subcommand.
pub fn pages(mut command: clap::Command) -> io::Result<Vec<Page>> {
    command.build();
    let mut pages = vec![page(&command, "strait.1".to_owned())?];
    add_subcommands(&mut pages, &command, "strait")?;
    Ok(pages)
}

/// Adds a page for each subcommand, and after it for each of its own.
fn add_subcommands(pages: &mut Vec<Page>, command: &clap::Command, name: &str) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let name = format!("{name}-{}", subcommand.get_name());
        pages.push(page(&subcommand.clone().display_name(name.clone()), format!("{name}.1"))?);
        add_subcommands(pages, subcommand, &name)?;
    }
    Ok(())
}

fn page(command: &clap::Command, file_name: String) -> io::Result<Page> {
    let examples = examples(command);
    let mut definition = command.clone().after_help("").after_long_help("");
    definition = definition.disable_help_subcommand(true);
    let man =
        Man::new(definition).manual("Strait").date("").source(concat!("strait ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.get_subcommands().next().is_some() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut roff = Roff::new();
    exit_status(&mut roff);
    list(&mut roff, "FILES", &FILES);
    list(&mut roff, "ENVIRONMENT", &ENVIRONMENT);
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    examples.iter().for_each(|line| {
        roff.text([roman(line.as_str())]);
    });
    roff.control("fi", []);
    roff.to_writer(&mut text)?;
    Ok(Page { file_name, text })
}

/// Takes the examples from the help text, so that they are written once.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    help.lines()
        .skip_while(|line| !line.starts_with("Examples:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .map(|line| line.trim().to_owned())
        .collect()
}

fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        roff.control("TP", ["6"]);
        roff.text([bold(exit.code().to_string())]);
        roff.text([roman(exit.meaning())]);
    }
}

const FILES: [(&str, &str); 2] = [
    (
        "strait.toml",
        "The configuration, looked for from the working directory up to the root of the repository.",
    ),
    ("$XDG_CONFIG_HOME/strait/strait.toml", "The configuration, where none was found there."),
];

const ENVIRONMENT: [(&str, &str); 4] = [
    ("STRAIT_CONFIG", "The configuration file, where --config names none."),
    ("NO_COLOR", "Turns colour off when set and not empty; --color wins over it."),
    ("TERM", "The value dumb turns colour and animation off."),
    ("XDG_CONFIG_HOME", "The folder of personal configuration; ~/.config by default."),
];

fn list(roff: &mut Roff, title: &str, entries: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (name, meaning) in entries {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*meaning)]);
    }
}

fn write_pages(dir: &Path, pages: &[Page]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    pages.iter().try_for_each(|page| fs::write(dir.join(&page.file_name), &page.text))
}

//! Reads `strait.toml`, and shows everything that is wrong with it.

use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, SourceCode};
use serde::Deserialize;
use toml::de::DeTable;

use super::defaults::NESTING_MAX;
use super::error::{ConfigError, ConfigWarning, Span};
use super::raw::RawFile;
use super::secret::{Environment, read_text};
use super::settings::Settings;
use super::source::SourceText;
use super::{json_schema, nesting, resolve, shape};

/// Holds a sound configuration.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What is unwise in it.
    pub warnings: Vec<ConfigWarning>,
}

/// Holds everything that is wrong with a configuration, in the order of the file.
#[derive(Debug)]
pub struct ConfigFailure {
    source: SourceText,
    errors: Vec<(Span, ConfigError)>,
}

/// Describes one error, for machines and for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's stable name.
    pub code: &'static str,
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to try.
    pub help: Option<String>,
}

/// Reads, checks and resolves a configuration file; `env` looks up environment variables.
///
/// # Errors
/// All rules the file breaks, not just the first.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, ConfigFailure> {
    load_text(read(path)?, env)
}

/// Reads a configuration's text.
pub fn read(path: &Path) -> Result<SourceText, ConfigFailure> {
    match read_text(path) {
        Ok(text) => Ok(SourceText::new(path.to_owned(), text)),
        Err(reason) => Err(ConfigFailure {
            source: SourceText::new(path.to_owned(), String::new()),
            errors: vec![(Span::default(), ConfigError::Unreadable { path: path.to_owned(), reason })],
        }),
    }
}

/// Does the same with a text already read; secrets are looked for beside `source`'s path.
pub fn load_text(source: SourceText, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, ConfigFailure> {
    match load_with(&source, Some(env)) {
        Ok(loaded) => Ok(loaded),
        Err(errors) => Err(ConfigFailure { source, errors }),
    }
}

/// Reads a text without fetching what `env:` and `file:` point to: the settings tell what is configured, and
/// cannot be used to log in anywhere.
pub fn load_without_secrets(source: &SourceText) -> Result<Loaded, ConfigFailure> {
    load_with(source, None).map_err(|errors| ConfigFailure { source: source.clone(), errors })
}

fn load_with(source: &SourceText, env: Option<Environment<'_>>) -> Result<Loaded, Vec<(Span, ConfigError)>> {
    let mut errors = Vec::new();
    let mut report = |span: Span, error: ConfigError| errors.push((span, error));
    let loaded =
        read_raw(source, &mut report).and_then(|raw| resolve::resolve(&raw, source, env, &mut report));
    match loaded {
        Some(loaded) if errors.is_empty() => Ok(loaded),
        _ => {
            errors.sort_by_key(|(span, _)| *span);
            Err(errors)
        }
    }
}

fn read_raw(source: &SourceText, report: &mut dyn FnMut(Span, ConfigError)) -> Option<RawFile> {
    if let Some(span) = nesting::too_deep(source.text(), NESTING_MAX) {
        report(span, ConfigError::TooDeep { max: NESTING_MAX });
        return None;
    }
    let (mut table, faults) = DeTable::parse_recoverable(source.text());
    if !faults.is_empty() {
        // After a syntax error the parser guesses; what it guessed is not held against the user.
        for fault in &faults {
            let span = fault.span().unwrap_or_default().into();
            report(span, ConfigError::Syntax(fault.message().trim_end().replace('\n', ", ")));
        }
        return None;
    }
    shape::check(&mut table, json_schema(), report);
    match RawFile::deserialize(toml::Deserializer::from(table)) {
        Ok(raw) => Some(raw),
        Err(fault) => {
            let span = fault.span().unwrap_or_default().into();
            report(span, ConfigError::Syntax(fault.message().to_owned()));
            None
        }
    }
}

impl ConfigFailure {
    /// Returns the file, as the user named it.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Lists the errors in the order of the file; at least one.
    pub fn findings(&self) -> impl Iterator<Item = Finding> + '_ {
        self.errors.iter().map(|(span, error)| {
            let place = self.source.place(span.start);
            Finding {
                code: error.code(),
                file: self.source.path().to_owned(),
                line: place.line,
                column: place.column,
                message: error.to_string(),
                help: error.help(),
            }
        })
    }

    /// Lists the errors themselves.
    pub fn errors(&self) -> impl Iterator<Item = &ConfigError> {
        self.errors.iter().map(|(_, error)| error)
    }

    /// Draws every error with its line of the file and a caret, `width` columns wide; passwords on those
    /// lines are covered.
    pub fn render(&self, color: bool, width: usize) -> String {
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width.max(40))
            .with_links(false)
            .with_context_lines(1);
        let shown = self.source.masked();
        let mut text = String::new();
        for (span, error) in &self.errors {
            let mut diagnostic = MietteDiagnostic::new(error.to_string()).with_code(error.code());
            diagnostic.help = error.help();
            let has_place = !matches!(error, ConfigError::Unreadable { .. });
            if has_place {
                diagnostic.labels =
                    Some(vec![LabeledSpan::new_primary_with_span(None, self.underlined(*span))]);
            }
            let drawn = Drawn { diagnostic, source: has_place.then_some(&shown) };
            // Writing into a String cannot fail, and a drawing that does leaves the plain words.
            let mut drawing = String::new();
            if handler.render_report(&mut drawing, &drawn).is_err() {
                drawing = format!("{error}\n");
            }
            text.push_str(&drawing);
            text.push('\n');
        }
        text
    }

    /// Keeps a mark inside the text and on one line: a caret under the first line is enough.
    fn underlined(&self, span: Span) -> miette::SourceSpan {
        let text = self.source.text();
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
        let line = text[start..end].split('\n').next().unwrap_or_default();
        (start, line.len()).into()
    }
}

impl std::fmt::Display for ConfigFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, finding) in self.findings().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            let Finding { file, line, column, message, .. } = finding;
            write!(f, "{end}{}:{line}:{column}: {message}", file.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFailure {}

/// Joins an error's words with the text they point into.
#[derive(Debug)]
struct Drawn<'a> {
    diagnostic: MietteDiagnostic,
    source: Option<&'a SourceText>,
}

impl std::fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.diagnostic.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.diagnostic.help()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.diagnostic.labels()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.map(|source| source as &dyn SourceCode)
    }
}

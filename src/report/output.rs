//! Owns stdout and stderr: no other module prints.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use indicatif::MultiProgress;
use serde::Serialize;

use super::problem::Problem;
use super::rights::Principals;
use super::style::{ColorWish, Style};

/// Names the format of what goes to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one document, or JSON Lines from commands that run long.
    Json,
    /// JUnit XML, for CI (validate, verify, lag).
    Junit,
    /// Annotations of GitHub Actions (validate).
    Github,
    /// SARIF 2.1.0, for code scanning (validate).
    Sarif,
    /// Tab-separated values without a header (lag).
    Tsv,
    /// The text format that Prometheus scrapes (lag).
    Prometheus,
    /// One line as monitoring plugins print it, exit 0, 1, 2 or 3 (lag).
    Nagios,
}

/// Says how to print; made from the options and the environment, once.
#[derive(Clone, Copy, Debug)]
pub struct OutputSettings {
    /// The format of stdout.
    pub format: Format,
    /// Suppresses all but trouble: no progress, no notes, no final positions.
    pub quiet: bool,
    /// When to use colour.
    pub color: ColorWish,
}

/// Writes data to stdout and words to stderr; clones share both.
///
/// A reader that closes stdout (`| head`) ends the output quietly: later data is dropped, and a copy
/// goes on without a listener. Any other failure to write is kept for [`Output::failure`], because
/// data that did not arrive must show in the exit code.
#[derive(Clone)]
pub struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    format: Format,
    quiet: bool,
    animated: bool,
    redrawn: bool,
    stdout_style: Style,
    stderr_style: Style,
    stdout: Mutex<Box<dyn Write + Send>>,
    stderr: Mutex<Box<dyn Write + Send>>,
    closed: AtomicBool,
    failure: Mutex<Option<io::Error>>,
    bars: MultiProgress,
    principals: OnceLock<Principals>,
}

impl Output {
    /// Takes the process's stdout and stderr, with colour as wished and as each stream allows.
    pub fn for_process(settings: OutputSettings) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let dumb = super::style::is_dumb_terminal();
        let is_text = settings.format == Format::Text && !settings.quiet;
        let terminal = |stream: bool| stream && !dumb && is_text;
        Self::build(
            settings,
            [terminal(stderr.is_terminal()), terminal(stdout.is_terminal())],
            [settings.color.decide(stdout.is_terminal()), settings.color.decide(stderr.is_terminal())],
            Box::new(stdout),
            Box::new(stderr),
        )
    }

    /// Writes to the given streams, without colour or animation: for tests.
    pub fn to_streams(
        settings: OutputSettings,
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Self {
        Self::build(settings, [false, false], [false, false], stdout, stderr)
    }

    fn build(
        settings: OutputSettings,
        [animated, redrawn]: [bool; 2],
        [stdout_color, stderr_color]: [bool; 2],
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Self {
        let bars = MultiProgress::new();
        if !animated {
            bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        Self {
            shared: Arc::new(Shared {
                format: settings.format,
                quiet: settings.quiet,
                animated,
                redrawn,
                stdout_style: Style::new(stdout_color),
                stderr_style: Style::new(stderr_color),
                stdout: Mutex::new(stdout),
                stderr: Mutex::new(stderr),
                closed: AtomicBool::new(false),
                failure: Mutex::new(None),
                bars,
                principals: OnceLock::new(),
            }),
        }
    }

    /// Learns whose rights problems are about, once the configuration is read.
    pub fn learn(&self, principals: Principals) {
        // A configuration is read once.
        let _ = self.shared.principals.set(principals);
    }

    /// Returns whose rights problems are about.
    pub fn principals(&self) -> Option<&Principals> {
        self.shared.principals.get()
    }

    /// Returns the format of stdout.
    pub fn format(&self) -> Format {
        self.shared.format
    }

    /// Says whether progress may be drawn over itself: stderr is a terminal and nobody asked for quiet.
    pub fn is_animated(&self) -> bool {
        self.shared.animated
    }

    /// Says whether data may be drawn over itself: stdout is a terminal and nobody asked for quiet.
    pub fn is_redrawn(&self) -> bool {
        self.shared.redrawn
    }

    /// Prints data in place of what stands on the terminal; behind it where stdout is none.
    pub fn redraw(&self, text: &str) {
        if !self.is_redrawn() {
            return self.data(text);
        }
        // To the top, each line cleared behind its end, then everything below.
        let lines: String = text.lines().map(|line| format!("{line}\x1b[K\n")).collect();
        self.data_bytes(format!("\x1b[H{lines}\x1b[J").as_bytes());
    }

    /// Returns the lines to fit data to: the terminal's; `None` where there is no end to them.
    pub fn height(&self) -> Option<usize> {
        if self.is_redrawn() { super::style::terminal_height() } else { None }
    }

    /// Says whether only trouble is to be told.
    pub fn is_quiet(&self) -> bool {
        self.shared.quiet
    }

    /// Says whether words on stderr may be coloured.
    pub fn stderr_color(&self) -> bool {
        self.shared.stderr_style.color
    }

    /// Returns the width to fit text to: the terminal's, 80 where there is none.
    pub fn width(&self) -> usize {
        super::style::terminal_width()
    }

    /// Returns the place where progress bars are drawn; hidden unless [`Output::is_animated`].
    pub(super) fn bars(&self) -> &MultiProgress {
        &self.shared.bars
    }

    /// Prints data to stdout, ending it with a newline where it has none.
    pub fn data(&self, text: &str) {
        let mut text = text.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.data_bytes(text.as_bytes());
    }

    /// Prints bytes to stdout as they are.
    pub fn data_bytes(&self, bytes: &[u8]) {
        if self.is_closed() {
            return;
        }
        let written = self.shared.bars.suspend(|| {
            let mut stdout = lock(&self.shared.stdout);
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        });
        if let Err(error) = written {
            self.shared.closed.store(true, Ordering::Relaxed);
            if error.kind() != io::ErrorKind::BrokenPipe {
                lock(&self.shared.failure).get_or_insert(error);
            }
        }
    }

    /// Prints a value to stdout as one line of JSON.
    pub fn json_line<T: Serialize + ?Sized>(&self, value: &T) {
        match serde_json::to_string(value) {
            Ok(line) => self.data(&line),
            Err(error) => {
                lock(&self.shared.failure).get_or_insert(error.into());
            }
        }
    }

    /// Prints words to stderr, unless `--quiet`.
    pub fn say(&self, text: &str) {
        if !self.shared.quiet {
            self.words(text);
        }
    }

    /// Prints a warning about how things are set up to stderr, unless `--quiet`.
    pub fn warn(&self, text: &str) {
        if !self.shared.quiet {
            self.alarm(text);
        }
    }

    /// Prints a warning about what goes wrong now to stderr, `--quiet` or not.
    pub fn alarm(&self, text: &str) {
        self.words(&format!("{} {text}", self.shared.stderr_style.warning("warning:")));
    }

    /// Prints a problem to stderr in its four parts, `--quiet` or not.
    pub fn problem(&self, problem: &Problem) {
        let problem = match self.principals() {
            Some(principals) => principals.complete(problem.clone()),
            None => problem.clone(),
        };
        self.words(&problem.render(self.shared.stderr_style));
    }

    /// Prints prepared text to stderr, `--quiet` or not.
    pub fn words(&self, text: &str) {
        self.shared.bars.suspend(|| {
            let mut stderr = lock(&self.shared.stderr);
            // Nothing is left to tell a failing stderr's failure to.
            let _ = stderr.write_all(text.trim_end_matches('\n').as_bytes());
            let _ = stderr.write_all(b"\n");
            let _ = stderr.flush();
        });
    }

    /// Asks a question on stderr and reads the answer from stdin; `None` where stdin has ended.
    pub fn ask(&self, question: &str) -> io::Result<Option<String>> {
        {
            let mut stderr = lock(&self.shared.stderr);
            write!(stderr, "{question} ")?;
            stderr.flush()?;
        }
        let mut answer = String::new();
        let bytes = io::stdin().read_line(&mut answer)?;
        Ok((bytes > 0).then(|| answer.trim().to_owned()))
    }

    /// Says whether questions can be asked: a terminal is at both ends.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal() && !self.shared.quiet
    }

    /// Returns the style of stdout.
    pub fn stdout_style(&self) -> Style {
        self.shared.stdout_style
    }

    /// Returns the style of stderr.
    pub fn stderr_style(&self) -> Style {
        self.shared.stderr_style
    }

    /// Says whether stdout takes no more data.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }

    /// Takes the failure that kept data from stdout, if it was more than a reader that went away.
    pub fn failure(&self) -> Option<io::Error> {
        lock(&self.shared.failure).take()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("format", &self.shared.format).finish_non_exhaustive()
    }
}

/// Gathers one log event and hands it to [`Output`] whole, so that it does not tear a progress bar.
#[derive(Debug)]
pub struct LogLine {
    output: Output,
    text: Vec<u8>,
}

impl Output {
    /// Makes the writer of one log event.
    pub fn log_line(&self) -> LogLine {
        LogLine { output: self.clone(), text: Vec::new() }
    }
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.output.words(&String::from_utf8_lossy(&self.text));
        }
    }
}

/// Locks in spite of a panic elsewhere: what is behind these locks has no half-done state.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

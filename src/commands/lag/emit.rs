//! Printing a look in the format that was asked for.

use super::look::Look;
use crate::exit::Exit;
use crate::lag::limits::{Limits, Metric};
use crate::report::document::Document;
use crate::report::lag_json::{self, SCHEMA};
use crate::report::lag_rows::{By, Sort};
use crate::report::lag_text::{self, Shown};
use crate::report::output::{Format, Output};
use crate::report::problem::Problem;

/// Rows shown without `--all`.
const ROWS_MAX: usize = 20;
/// Lines around the rows on a terminal that is drawn anew: header, what is hidden, and the cursor's.
const LINES_AROUND: usize = 4;

/// Knows how to print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Emitter<'a> {
    pub(super) output: &'a Output,
    pub(super) by: By,
    pub(super) sort: Sort,
    pub(super) is_all: bool,
}

impl Emitter<'_> {
    /// Tells why nothing was looked at.
    pub(super) fn refuse(&self, drawing: Option<&str>, problems: &[Problem]) -> Exit {
        match drawing {
            Some(drawing) => self.output.words(drawing),
            None => problems.iter().for_each(|problem| self.output.problem(problem)),
        }
        if self.output.format() == Format::Json {
            Document::<()>::failed(SCHEMA, Exit::Usage, problems).print(self.output);
        }
        Exit::Usage
    }

    /// Prints a look and says how the run ends.
    pub(super) fn emit(&self, look: &Look, limits: &Limits) -> Exit {
        let exit = look.lag.exit(limits);
        match self.output.format() {
            Format::Json => lag_json::document(&look.lag, exit, &look.problems).print(self.output),
            _ if self.output.is_quiet() => self.one_line(look, exit),
            _ => {
                self.output.data(&lag_text::page(&look.lag, self.shown(look)));
                self.words(look);
            }
        }
        exit
    }

    /// Prints one of many looks.
    pub(super) fn emit_again(&self, look: &Look, limits: &Limits) -> Exit {
        if self.output.format() != Format::Text {
            return self.emit(look, limits);
        }
        let mut page = lag_text::page(&look.lag, self.shown(look));
        if self.output.is_redrawn() {
            // Words on stderr would be drawn over.
            let told = look.problems.iter().map(Problem::in_short).collect::<Vec<_>>();
            for line in told.into_iter().chain(lag_text::reasons(&look.lag, LINES_AROUND)) {
                page.push('\n');
                page.push_str(&crate::report::human::fit(&line, self.output.width()));
            }
            self.output.redraw(&page);
        } else {
            page.push('\n');
            self.output.data(&page);
            self.words(look);
        }
        look.lag.exit(limits)
    }

    /// Says that the time was over first.
    pub(super) fn not_below(&self, below: f64, metric: Metric) {
        if self.output.format() == Format::Text {
            let text = format!("not below {below} {} within --timeout", metric.word());
            self.output.alarm(&text);
        }
    }

    fn shown(&self, look: &Look) -> Shown {
        let around = LINES_AROUND + look.lag.flows.len() + LINES_AROUND;
        let rows_max = match self.output.height() {
            _ if self.is_all => usize::MAX,
            Some(height) => height.saturating_sub(around).max(1),
            None => ROWS_MAX,
        };
        Shown { by: self.by, sort: self.sort, rows_max }
    }

    fn words(&self, look: &Look) {
        let most = if self.is_all { usize::MAX } else { ROWS_MAX };
        for reason in lag_text::reasons(&look.lag, most) {
            self.output.say(&reason);
        }
        look.problems.iter().for_each(|problem| self.output.problem(problem));
    }

    /// Says in one line on stderr what is not well; nothing where all is.
    fn one_line(&self, look: &Look, exit: Exit) {
        if exit != Exit::Done {
            self.output.words(&lag_text::one_line(&look.lag, &look.problems));
        }
    }
}

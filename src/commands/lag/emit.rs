//! Printing a look in the format that was asked for.

use std::path::Path;
use std::time::Duration;

use super::look::Look;
use super::textfile;
use crate::exit::Exit;
use crate::lag::limits::{Limits, Metric};
use crate::lag::outcome::Lag;
use crate::report::document::Document;
use crate::report::lag_json::{self, SCHEMA};
use crate::report::lag_rows::{By, Sort};
use crate::report::lag_text::{self, Shown};
use crate::report::output::{Format, Output};
use crate::report::problem::Problem;
use crate::report::{lag_junit, lag_nagios, lag_prometheus, lag_tsv};

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
    pub(super) textfile: Option<&'a Path>,
}

impl Emitter<'_> {
    /// Tells why nothing was looked at.
    pub(super) fn refuse(&self, drawing: Option<&str>, problems: &[Problem]) -> Exit {
        if self.output.format() == Format::Nagios {
            let cause = problems.first().map_or_else(|| "usage".to_owned(), Problem::in_short);
            self.output.data(&lag_nagios::unknown(&cause));
            return self.filed(&Lag::default(), Exit::PluginUnknown);
        }
        match drawing {
            Some(drawing) => self.output.words(drawing),
            None => problems.iter().for_each(|problem| self.output.problem(problem)),
        }
        if self.output.format() == Format::Json {
            Document::<()>::failed(SCHEMA, Exit::Usage, problems).print(self.output);
        }
        self.filed(&Lag::default(), Exit::Usage)
    }

    /// Tells a monitoring system that the time is over.
    pub(super) fn too_late(&self, limit: Duration) -> Exit {
        let limit = humantime::format_duration(limit);
        self.output.data(&lag_nagios::unknown(&format!("no answer within {limit}")));
        self.filed(&Lag::default(), Exit::PluginUnknown)
    }

    /// Prints a look and says how the run ends.
    pub(super) fn emit(&self, look: &Look, limits: &Limits) -> Exit {
        self.print(look, limits, look.lag.exit(limits))
    }

    /// Prints the last look of a wait that was in vain: lag that is known and too large is an answer, and a
    /// bad one.
    pub(super) fn emit_too_late(&self, look: &Look, limits: &Limits, (below, metric): (f64, Metric)) -> Exit {
        let exit = match look.lag.exit(limits) {
            Exit::Done => Exit::Bad,
            other => other,
        };
        let exit = self.print(look, limits, exit);
        if self.output.format() == Format::Text {
            self.output.alarm(&format!("not below {below} {} within --timeout", metric.word()));
        }
        exit
    }

    fn print(&self, look: &Look, limits: &Limits, exit: Exit) -> Exit {
        let Look { lag, problems } = look;
        let output = self.output;
        match output.format() {
            Format::Json => lag_json::document(lag, exit, problems).print(output),
            Format::Nagios => {
                output.data(&lag_nagios::line(lag, limits, problems));
                return self.filed(lag, lag_nagios::exit(lag_nagios::level(lag, limits)));
            }
            Format::Tsv => output.data_bytes(lag_tsv::lines(lag, self.by, self.sort).as_bytes()),
            Format::Prometheus => output.data(&lag_prometheus::page(lag, &textfile::checks(None))),
            Format::Junit => match lag_junit::document(lag, limits, problems) {
                Ok(text) => output.data(&text),
                Err(error) => {
                    output.alarm(&format!("the report cannot be written: {error}"));
                    return self.filed(lag, Exit::Failed);
                }
            },
            _ if output.is_quiet() => self.one_line(look, exit),
            _ => {
                output.data(&lag_text::page(lag, self.shown(look)));
                self.words(look);
            }
        }
        if matches!(output.format(), Format::Tsv | Format::Prometheus | Format::Junit) {
            problems.iter().for_each(|problem| output.problem(problem));
        }
        self.filed(lag, exit)
    }

    /// Writes the textfile where one is wanted; one that cannot be written fails a run that went well.
    fn filed(&self, lag: &Lag, exit: Exit) -> Exit {
        let Some(path) = self.textfile else { return exit };
        match textfile::write(path, lag) {
            Ok(()) => exit,
            Err(problem) => {
                self.output.problem(&problem);
                if exit == Exit::Done { Exit::Failed } else { exit }
            }
        }
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
            for line in
                told.into_iter().chain(lag_text::reasons(&look.lag, LINES_AROUND, self.output.principals()))
            {
                page.push('\n');
                page.push_str(&crate::report::human::fit(&line, self.output.width()));
            }
            self.output.redraw(&page);
        } else {
            page.push('\n');
            self.output.data(&page);
            self.words(look);
        }
        self.filed(&look.lag, look.lag.exit(limits))
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
        for reason in lag_text::reasons(&look.lag, most, self.output.principals()) {
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

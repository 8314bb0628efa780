//! A bar that shows how much of a known amount of work is done; nothing where stderr is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;

/// Shows one amount of work.
#[derive(Debug)]
pub struct Gauge(ProgressBar);

impl Gauge {
    /// Shows `total` units of work, none of it done.
    pub fn new(output: &Output, name: &str, total: u64) -> Self {
        let template = "{prefix} [{bar:24}] {percent:>3} %  {msg}";
        let style = ProgressStyle::with_template(template)
            .expect("the template is correct as it stands here")
            .progress_chars("=> ");
        let bar = ProgressBar::new(total).with_style(style).with_prefix(name.to_owned());
        Self(if output.is_animated() { output.bars().add(bar) } else { ProgressBar::hidden() })
    }

    /// Shows how much is done, and a few words.
    pub fn set(&self, done: u64, words: String) {
        self.0.set_position(done);
        self.0.set_message(words);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.clear();
    }
}

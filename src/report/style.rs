//! Colour: when it is used, and for what.

use std::env;

/// Says when to use colour, as `--color` takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWish {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorWish {
    /// Decides for one stream from the wish, the environment and the stream.
    pub fn decide(self, is_terminal: bool) -> bool {
        self.decide_with(is_terminal, env::var("NO_COLOR").is_ok_and(|v| !v.is_empty()), is_dumb_terminal())
    }

    /// The option wins over the environment; NO_COLOR counts only when it is not empty.
    fn decide_with(self, is_terminal: bool, no_color: bool, dumb: bool) -> bool {
        match self {
            ColorWish::Always => true,
            ColorWish::Never => false,
            ColorWish::Auto => is_terminal && !no_color && !dumb,
        }
    }
}

/// Says whether the terminal can neither colour nor move its cursor.
pub(super) fn is_dumb_terminal() -> bool {
    env::var("TERM").is_ok_and(|term| term == "dumb")
}

/// Returns the terminal's width in columns, 80 where there is no terminal.
pub(super) fn terminal_width() -> usize {
    terminal_size::terminal_size_of(std::io::stderr())
        .or_else(terminal_size::terminal_size)
        .map_or(80, |(width, _)| usize::from(width.0).max(40))
}

/// Returns the terminal's height in lines, where there is a terminal.
pub(super) fn terminal_height() -> Option<usize> {
    terminal_size::terminal_size().map(|(_, height)| usize::from(height.0))
}

/// Paints words, or leaves them as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether to paint.
    pub color: bool,
}

impl Style {
    /// Makes a style that paints or does not.
    pub const fn new(color: bool) -> Self {
        Self { color }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Paints what went wrong.
    pub fn error(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Paints what may go wrong.
    pub fn warning(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// Paints what is added.
    pub fn added(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Paints what is changed.
    pub fn changed(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Paints what is taken away.
    pub fn removed(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Paints labels.
    pub fn label(self, text: &str) -> String {
        self.paint("1", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_option_then_the_environment_then_the_stream() {
        for (wish, terminal, no_color, dumb, expected) in [
            (ColorWish::Auto, true, false, false, true),
            (ColorWish::Auto, false, false, false, false),
            (ColorWish::Auto, true, true, false, false),
            (ColorWish::Auto, true, false, true, false),
            (ColorWish::Always, false, true, true, true),
            (ColorWish::Never, true, false, false, false),
        ] {
            assert_eq!(
                wish.decide_with(terminal, no_color, dumb),
                expected,
                "{wish:?}, terminal {terminal}, NO_COLOR {no_color}, dumb {dumb}"
            );
        }
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        assert_eq!(Style::new(false).error("error:"), "error:");
        assert_eq!(Style::new(true).error("error:"), "\x1b[1;31merror:\x1b[0m");
    }
}

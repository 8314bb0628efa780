//! Single values: words, durations, sizes, files, secrets.

use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use crate::config::choice::Choice;
use crate::config::defaults::{DURATION_MAX, DURATION_MIN};
use crate::config::error::{ConfigError, ConfigWarning};
use crate::config::raw::At;
use crate::config::secret::SecretPlace;
use crate::config::units::{parse_duration, parse_size, show_size};

impl Context<'_> {
    /// Reads a word, or takes the default.
    pub(super) fn word<C: Choice>(
        &mut self,
        typed: Option<&At<String>>,
        default: &str,
        key: &str,
    ) -> Option<C> {
        let word = typed.map_or(default, |typed| typed.value());
        let meaning = C::from_word(word);
        if let (None, Some(typed)) = (meaning.as_ref(), typed) {
            let known = C::WORDS.iter().map(|(word, _)| *word).collect();
            self.error(typed, ConfigError::UnknownWord { key: key.to_owned(), word: word.to_owned(), known });
        }
        meaning
    }

    /// Reads a duration within the bounds all durations have, or takes the default.
    pub(super) fn duration(
        &mut self,
        typed: Option<&At<String>>,
        default: &str,
        key: &str,
    ) -> Option<Duration> {
        let text = typed.map_or(default, |typed| typed.value());
        let error = match parse_duration(text) {
            Ok(duration) if (DURATION_MIN..=DURATION_MAX).contains(&duration) => return Some(duration),
            Ok(_) => ConfigError::DurationRange { key: key.to_owned(), min: DURATION_MIN, max: DURATION_MAX },
            Err(fault) => ConfigError::Duration { text: text.to_owned(), fault },
        };
        if let Some(typed) = typed {
            self.error(typed, error);
        }
        None
    }

    /// Reads a size of at least `min` bytes, or takes the default.
    pub(super) fn size(
        &mut self,
        typed: Option<&At<String>>,
        default: &str,
        key: &str,
        min: u64,
    ) -> Option<u64> {
        let text = typed.map_or(default, |typed| typed.value());
        let error = match parse_size(text) {
            Ok(size) if size >= min => return Some(size),
            Ok(size) => {
                ConfigError::SizeRange { key: key.to_owned(), value: show_size(size), min: show_size(min) }
            }
            Err(fault) => ConfigError::Size { text: text.to_owned(), fault },
        };
        if let Some(typed) = typed {
            self.error(typed, error);
        }
        None
    }

    /// Reads a whole number within bounds, or takes the default.
    pub(super) fn number(
        &mut self,
        typed: Option<&At<i64>>,
        default: i64,
        key: &str,
        (min, max): (i64, i64),
    ) -> Option<i64> {
        let value = typed.map_or(default, |typed| *typed.value());
        if (min..=max).contains(&value) {
            return Some(value);
        }
        if let Some(typed) = typed {
            self.error(typed, ConfigError::Range { key: key.to_owned(), value, min, max });
        }
        None
    }

    /// Reads a text that must not be empty.
    pub(super) fn text(&mut self, typed: &At<String>, key: &str) -> Option<String> {
        if typed.value().is_empty() {
            self.error(typed, ConfigError::Empty { key: key.to_owned() });
            return None;
        }
        Some(typed.value().clone())
    }

    /// Reads a path, relative to the configuration's folder.
    pub(super) fn file(&mut self, typed: &At<String>, key: &str) -> Option<PathBuf> {
        self.text(typed, key).map(|path| self.dir.join(path))
    }

    /// Fetches a secret from where the text says; one in the file itself is a warning.
    pub(super) fn secret(&mut self, typed: &At<String>, key: &str, may_be_literal: bool) -> Option<String> {
        let place = SecretPlace::parse(typed.value());
        let is_elsewhere = !matches!(place, SecretPlace::Literal(_));
        let fetched = match self.env {
            None if is_elsewhere => Ok(String::new()),
            env => place.fetch(self.dir, env.unwrap_or(&|_| None)),
        };
        match fetched {
            Ok(secret) => {
                if !is_elsewhere && !may_be_literal {
                    let at = self.source.place(typed.span().start);
                    self.warnings.push(ConfigWarning::LiteralSecret {
                        file: self.source.path().to_owned(),
                        line: at.line,
                        column: at.column,
                        key: key.to_owned(),
                    });
                }
                Some(secret)
            }
            Err(fault) => {
                self.error(typed, ConfigError::Secret { key: key.to_owned(), fault });
                None
            }
        }
    }
}

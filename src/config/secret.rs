//! Secrets that never show themselves, and where they are read from.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::defaults::FILE_BYTES_MAX;

/// Looks environment variables up by their names.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Holds a password; its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Hands the secret out, to whoever sends it to a broker.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Says where a secret is.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretPlace<'a> {
    /// In an environment variable.
    Env(&'a str),
    /// In a file, relative to the configuration's folder.
    File(&'a str),
    /// In the configuration itself.
    Literal(&'a str),
}

/// Says why a secret could not be had; never what was found.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    /// The variable is not set, or not UTF-8.
    #[error("the environment variable `{0}` is not set")]
    EnvUnset(String),
    /// The file cannot be read.
    #[error("the secret file `{}` cannot be read: {reason}", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
}

impl<'a> SecretPlace<'a> {
    /// Reads `env:NAME` and `file:PATH`; all else is a literal.
    pub fn parse(text: &'a str) -> Self {
        if let Some(name) = text.strip_prefix("env:") {
            Self::Env(name)
        } else if let Some(path) = text.strip_prefix("file:") {
            Self::File(path)
        } else {
            Self::Literal(text)
        }
    }

    /// Fetches the secret. Of a file, the last line break is left out.
    pub fn fetch(&self, dir: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<String, SecretFault> {
        let text = match self {
            Self::Env(name) => env(name).ok_or_else(|| SecretFault::EnvUnset((*name).to_owned()))?,
            Self::File(path) => {
                let path = dir.join(path);
                let text = read_text(&path).map_err(|reason| SecretFault::FileUnreadable { path, reason })?;
                let line = text.strip_suffix('\n').unwrap_or(&text);
                line.strip_suffix('\r').unwrap_or(line).to_owned()
            }
            Self::Literal(text) => (*text).to_owned(),
        };
        if text.is_empty() { Err(SecretFault::Empty) } else { Ok(text) }
    }
}

/// Reads a text file, refusing a folder and what is too large.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    use std::io::{Error, ErrorKind};
    let kind = std::fs::metadata(path)?;
    if kind.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a directory"));
    }
    if kind.len() > FILE_BYTES_MAX {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::new(ErrorKind::InvalidData, format!("it is not UTF-8 text (byte {at})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Secret(..)");
    }
}

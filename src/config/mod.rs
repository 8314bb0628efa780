//! `strait.toml`: what was typed ([`raw`]), what it means ([`settings`]), and the way between.

pub mod error;
pub mod patterns;
pub mod raw;
pub mod resolve;
pub mod secret;
pub mod settings;
pub mod units;

use std::path::{Path, PathBuf};

pub use error::{ConfigFailure, ConfigFault};
use settings::Settings;

/// Looks a variable of the environment up; passed in, so that the library itself reads none.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads and resolves a file. All faults are reported, not only the first.
pub fn load(path: &Path, env: Env<'_>) -> Result<Settings, ConfigFailure> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigFailure::unreadable(path, &error))?;
    load_text(path, &text, env)
}

/// Resolves the text of a file.
pub fn load_text(path: &Path, text: &str, env: Env<'_>) -> Result<Settings, ConfigFailure> {
    let raw: raw::RawConfig = toml::from_str(text)
        .map_err(|error| ConfigFailure::new(path, text, vec![error::from_toml(&error)]))?;
    resolve::resolve(path, text, &raw, env).map_err(|faults| ConfigFailure::new(path, text, faults))
}

/// Finds `strait.toml` from `start` up to the repository's root (a folder with `.git`), then in the
/// XDG configuration folder.
pub fn discover(start: &Path, env: Env<'_>) -> Option<PathBuf> {
    for folder in start.ancestors() {
        let candidate = folder.join("strait.toml");
        if candidate.is_file() {
            return Some(candidate);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    let config = env("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(config.join("strait").join("strait.toml")).filter(|path| path.is_file())
}

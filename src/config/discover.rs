//! Where `strait.toml` is, when nobody says.

use std::path::{Path, PathBuf};

/// The file's name.
pub const FILE_NAME: &str = "strait.toml";

/// Finds the configuration: in `start_dir` or above it up to the repository's root (the folder with
/// `.git`), then in `$XDG_CONFIG_HOME/strait` or `~/.config/strait`.
///
/// Outside a repository only `start_dir` itself is looked at: a file lying further up, in `/tmp` or a
/// shared home, was not put there for this work.
pub fn discover(
    start_dir: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    home: Option<&Path>,
) -> Option<PathBuf> {
    let depth = start_dir.ancestors().position(|dir| dir.join(".git").exists()).unwrap_or(0);
    let in_work = start_dir.ancestors().take(depth + 1).map(|dir| dir.join(FILE_NAME));
    // The XDG base directory specification has relative paths ignored.
    let xdg = env("XDG_CONFIG_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let in_home =
        xdg.or_else(|| home.map(|dir| dir.join(".config"))).map(|dir| dir.join("strait").join(FILE_NAME));
    in_work.chain(in_home).find(|path| path.is_file())
}

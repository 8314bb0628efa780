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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_nearest_file_up_to_the_repository_wins_then_xdg_then_home() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let put = |path: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            path
        };
        let start = root.join("repo/a/b");
        std::fs::create_dir_all(&start).unwrap();
        std::fs::create_dir_all(root.join("repo/.git")).unwrap();
        let xdg_dir = root.join("xdg").display().to_string();
        let no_env = |_: &str| None;
        let with_xdg = |name: &str| (name == "XDG_CONFIG_HOME").then(|| xdg_dir.clone());
        let home = root.join("home");

        put("strait.toml");
        assert_eq!(discover(&start, &no_env, Some(&home)), None, "above the repository is not looked at");
        let in_home = put("home/.config/strait/strait.toml");
        assert_eq!(discover(&start, &no_env, Some(&home)), Some(in_home));
        let in_xdg = put("xdg/strait/strait.toml");
        assert_eq!(discover(&start, &with_xdg, Some(&home)), Some(in_xdg));
        let in_root = put("repo/strait.toml");
        assert_eq!(discover(&start, &with_xdg, Some(&home)), Some(in_root));
        let near = put("repo/a/strait.toml");
        assert_eq!(discover(&start, &with_xdg, Some(&home)), Some(near));
    }
}

//! Writing the textfile that node_exporter reads: whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::lag::outcome::Lag;
use crate::report::lag_prometheus::{Checks, page};
use crate::report::problem::{Problem, Scope};

/// node_exporter has to be able to read it, whoever it runs as.
const MODE: u32 = 0o644;

/// Says why a path cannot be a textfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathFault {
    /// node_exporter reads no other names.
    #[error("its name must end in .prom: node_exporter reads no other files")]
    Ending,
}

/// Reads a path from the command line.
pub(super) fn path(text: &str) -> Result<PathBuf, PathFault> {
    let path = PathBuf::from(text);
    let is_prom = path.extension().is_some_and(|ending| ending == "prom") && path.file_stem().is_some();
    if is_prom { Ok(path) } else { Err(PathFault::Ending) }
}

/// Says when checks ran, given the file that an earlier one wrote, if any.
pub(super) fn checks(path: Option<&Path>) -> Checks {
    let earlier = path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Checks::after(&earlier, (now.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// Writes what was seen; nothing seen is written too, as a check that failed.
pub(super) fn write(path: &Path, lag: &Lag) -> Result<(), Box<Problem>> {
    let text = page(lag, &checks(Some(path)));
    replace(path, &text).map_err(|error| {
        Box::new(
            Problem::new("textfile", Scope::Command, "the textfile cannot be written")
                .place(path.display().to_string())
                .cause(error.to_string())
                .hint("let this user write in the folder, or name another with --textfile"),
        )
    })
}

/// Puts a file in another's place in one step: a scrape sees the old one or the new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // In the same folder, for a rename does not leave a file system; and not a name that ends in .prom.
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(name);
    let written = fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(MODE))?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&temporary, path));
    if replaced.is_err() {
        // What cannot be removed either was never made.
        let _ = fs::remove_file(&temporary);
    }
    replaced
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_textfile_is_replaced_whole_and_readable_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = path(folder.path().join("strait.prom").to_str().unwrap()).unwrap();
        let unread = Lag { unread: vec!["us-eu".into()], ..Lag::default() };
        for _ in 0..2 {
            write(&file, &unread).unwrap();
        }
        assert!(fs::read_to_string(&file).unwrap().contains("strait_lag_check_up{flow=\"us-eu\"} 0\n"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, MODE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
        let problem = write(&folder.path().join("none/strait.prom"), &unread).unwrap_err();
        assert_eq!(problem.code, "textfile");
        assert_eq!(path("strait.txt"), Err(PathFault::Ending));
    }
}

//! Ends what a test process started, however that process itself ends.
//!
//! A small shell script reads process ids from a pipe that only the test process holds. When the
//! pipe closes (a normal end, a panic, SIGKILL), it kills what is left and removes the data.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use super::target_dir;

const SCRIPT: &str = r#"
trap "" INT TERM HUP
pids=" "
while read -r op pid; do
  case $op in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="${pids%% $pid *} ${pids#* $pid }" ;; esac ;;
  esac
done
tries=0
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for pid in $pids; do
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
done
rm -rf "$1"
"#;

struct Reaper {
    pipe: Mutex<ChildStdin>,
    run_dir: PathBuf,
    /// Outlives this process, whose end is what it waits for.
    _watcher: Child,
    _lock: File,
}

static REAPER: LazyLock<Reaper> = LazyLock::new(|| {
    let all = target_dir().join("live-data");
    std::fs::create_dir_all(&all).unwrap();
    remove_abandoned(&all);
    let run_dir = all.join(std::process::id().to_string());
    std::fs::create_dir_all(&run_dir).unwrap();
    let lock = File::create(run_dir.join("lock")).unwrap();
    lock.lock().unwrap();
    let mut watcher = Command::new("sh")
        .args(["-c", SCRIPT, "strait-live-reaper"])
        .arg(&run_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    Reaper { pipe: Mutex::new(watcher.stdin.take().unwrap()), run_dir, _watcher: watcher, _lock: lock }
});

/// Removes the data of test processes that were ended together with their reaper.
fn remove_abandoned(all: &Path) {
    for entry in std::fs::read_dir(all).unwrap().flatten() {
        let abandoned = File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if abandoned {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Returns this process's folder for data, removed when the process ends.
pub fn run_dir() -> &'static Path {
    &REAPER.run_dir
}

/// Has the process killed should this one end first.
pub fn watch(pid: u32) {
    writeln!(REAPER.pipe.lock().unwrap(), "+ {pid}").unwrap();
}

/// Forgets the process; call it before the process is reaped, so that its id is not another's.
pub fn forget(pid: u32) {
    writeln!(REAPER.pipe.lock().unwrap(), "- {pid}").unwrap();
}

/// Sends a signal by name (`TERM`, `INT`, `STOP`, `CONT`) to a process that was not reaped yet.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}: {status}");
}

//! Runs the compiled `strait`: a configuration, a process, what it printed, how it ended.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::cluster::Cluster;
use super::spec::Listener;
use super::{Lab, reaper, wait};

/// Writes a `strait.toml`.
#[derive(Clone, Default)]
pub struct Config {
    text: String,
}

impl Config {
    /// Starts an empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cluster reached through one of its listeners; `more` are further TOML lines.
    pub fn cluster(self, alias: &str, cluster: &Cluster, listener: Listener, more: &str) -> Self {
        self.cluster_at(alias, &cluster.bootstrap(listener), listener.protocol(), more)
    }

    /// Adds a cluster by its addresses.
    pub fn cluster_at(mut self, alias: &str, servers: &[String], protocol: &str, more: &str) -> Self {
        let text = &mut self.text;
        writeln!(text, "[clusters.{alias}]\nbootstrap_servers = {servers:?}").unwrap();
        writeln!(text, "security_protocol = {protocol:?}\n{more}\n").unwrap();
        self
    }

    /// Adds a flow from `source` to `target`; `more` are further TOML lines and subtables.
    pub fn flow(self, name: &str, topics: &[&str], more: &str) -> Self {
        self.flow_between(name, ("source", "target"), topics, more)
    }

    /// Adds a flow between two clusters.
    pub fn flow_between(mut self, name: &str, ends: (&str, &str), topics: &[&str], more: &str) -> Self {
        let (source, target) = ends;
        writeln!(self.text, "[flows.{name}]\nsource = {source:?}\ntarget = {target:?}").unwrap();
        writeln!(self.text, "topics = {topics:?}\n{more}\n").unwrap();
        self
    }

    /// Writes the file and returns its path.
    pub fn write(&self, dir: &Path) -> PathBuf {
        let path = dir.join("strait.toml");
        std::fs::write(&path, &self.text).unwrap();
        path
    }
}

/// Returns the TOML lines of a login; the password goes into a file, so that nothing warns.
pub fn login(lab: &Lab, mechanism: &str, (user, password): (&str, &str)) -> String {
    let file = lab.work_dir().join(format!("password-{user}"));
    std::fs::write(&file, password).unwrap();
    let file = file.display();
    format!("sasl_mechanism = {mechanism:?}\nsasl_username = {user:?}\nsasl_password = \"file:{file}\"\n")
}

/// Holds what a process printed so far.
type Lines = Arc<Mutex<String>>;

/// Holds a running `strait`; dropping it kills the process.
pub struct Running {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    readers: Vec<JoinHandle<()>>,
}

/// Holds how a process ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
    /// The peak of resident memory as last seen before the end.
    pub peak_memory_bytes: u64,
}

impl Finished {
    /// Asserts the exit code, showing the output where it differs.
    #[track_caller]
    pub fn assert_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error holds each of the words, showing it where one is missing.
    #[track_caller]
    pub fn assert_says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in\n{}", self.stderr);
        }
        self
    }

    /// Parses standard output as JSON Lines.
    pub fn events(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Starts `strait` with a configuration file and arguments.
pub fn start(config: &Path, arguments: &[&str]) -> Running {
    start_with(config, arguments, &[])
}

/// Starts `strait` with environment variables on top; `STRAIT_LIVE_BINARY` names another build of it.
pub fn start_with(config: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
    let built = || env!("CARGO_BIN_EXE_strait").to_owned();
    let mut command = Command::new(std::env::var("STRAIT_LIVE_BINARY").unwrap_or_else(|_| built()));
    command.args(arguments).arg("--config").arg(config).env("NO_COLOR", "1");
    command.envs(environment.iter().copied());
    spawn(command)
}

/// Starts any command.
pub fn spawn(mut command: Command) -> Running {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    reaper::watch(child.id());
    let (stdout, stderr) = (Lines::default(), Lines::default());
    let readers = vec![
        collect(child.stdout.take().unwrap(), stdout.clone()),
        collect(child.stderr.take().unwrap(), stderr.clone()),
    ];
    Running { child, stdout, stderr, readers }
}

/// Runs `strait` to its end.
pub fn run(config: &Path, arguments: &[&str], limit: Duration) -> Finished {
    start(config, arguments).finish(limit)
}

fn collect(stream: impl Read + Send + 'static, into: Lines) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

impl Running {
    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    /// Returns standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Tells whether the process is gone.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal by name: `INT`, `TERM`, `KILL`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        reaper::signal(self.pid(), name);
    }

    /// Asks until there is an answer; panics with the output where the process ends or time runs out.
    pub fn until<T>(&mut self, what: &str, limit: Duration, mut probe: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = std::time::Instant::now() + limit;
        loop {
            if let Some(answer) = probe(self) {
                return answer;
            }
            let ended = self.child.try_wait().unwrap();
            let late = std::time::Instant::now() > deadline;
            let (out, err) = (self.stdout(), self.stderr());
            assert!(ended.is_none(), "strait ended ({ended:?}) before {what}\n{out}\n{err}");
            assert!(!late, "{what} did not come within {limit:?}\n{out}\n{err}");
            wait::pause();
        }
    }

    /// Returns the peak of resident memory so far, in bytes.
    pub fn peak_memory_bytes(&self) -> u64 {
        self.probe_memory().expect("the process runs")
    }

    /// The same, or nothing where the process has ended.
    fn probe_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        Some(line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024)
    }

    /// Waits for the process to end by itself; kills it and panics with its output when it is late.
    pub fn finish(self, limit: Duration) -> Finished {
        self.finish_under(limit, |_| ())
    }

    /// Does the same and sends a signal again and again meanwhile.
    pub fn finish_under_signals(self, name: &str, limit: Duration) -> Finished {
        self.finish_under(limit, |run| run.signal(name))
    }

    fn finish_under(mut self, limit: Duration, meanwhile: impl Fn(&Self)) -> Finished {
        let deadline = std::time::Instant::now() + limit;
        let mut peak_memory_bytes = 0;
        let status: ExitStatus = loop {
            peak_memory_bytes = self.probe_memory().unwrap_or(peak_memory_bytes);
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            let late = std::time::Instant::now() > deadline;
            assert!(!late, "strait still runs after {limit:?}\n{}\n{}", self.stdout(), self.stderr());
            meanwhile(&self);
            wait::pause();
        };
        reaper::forget(self.pid());
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Finished { code: status.code(), stdout: self.stdout(), stderr: self.stderr(), peak_memory_bytes }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        reaper::forget(self.pid());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

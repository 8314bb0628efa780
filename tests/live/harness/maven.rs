//! Brings Apache Kafka by its Maven coordinates into `target/kafka/<version>/`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::target_dir;

const POM: &str = include_str!("../kafka-pom.xml");
const MANIFEST: &str = "manifest.txt";

/// Lists the versions the live tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The newest.
    V4_3,
    /// The last of the 3.x line.
    V3_9,
    /// An older one of the 3.x line.
    V3_7,
}

impl Version {
    /// Every version, newest first.
    pub const ALL: [Self; 3] = [Self::V4_3, Self::V3_9, Self::V3_7];

    /// Returns the version as Maven knows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4_3 => "4.3.1",
            Self::V3_9 => "3.9.1",
            Self::V3_7 => "3.7.2",
        }
    }
}

/// Stands for a complete set of jars.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// Which Kafka.
    pub version: Version,
    lib: PathBuf,
}

impl Distribution {
    /// Returns the class path of everything.
    pub fn class_path(&self) -> String {
        format!("{}/*", self.lib.display())
    }
}

/// Holds the jars, or why there are none.
pub type Availability = Result<Distribution, String>;

/// Returns the version's jars, fetching them first where they are not complete; an error says why
/// live tests cannot run.
pub fn distribution(version: Version) -> Availability {
    static KNOWN: Mutex<Vec<(Version, Availability)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap();
    if let Some((_, answer)) = known.iter().find(|(known, _)| *known == version) {
        return answer.clone();
    }
    let answer = runs("java").and_then(|()| bring(version));
    known.push((version, answer.clone()));
    answer
}

fn runs(program: &str) -> Result<(), String> {
    match Command::new(program).arg("-version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`{program} -version` failed: {}", last_lines(&output.stderr))),
        Err(error) => Err(format!("no {program} on the PATH: {error}")),
    }
}

fn bring(version: Version) -> Result<Distribution, String> {
    let cache = target_dir().join("kafka");
    fs::create_dir_all(&cache).unwrap();
    // Two test processes may start at once: the second waits here and finds the jars complete.
    let lock = File::create(cache.join(format!("{}.lock", version.as_str()))).unwrap();
    lock.lock().unwrap();
    let home = cache.join(version.as_str());
    let distribution = Distribution { version, lib: home.join("lib") };
    if !is_complete(&home) {
        runs("mvn")?;
        fetch(version, &home)?;
    }
    Ok(distribution)
}

fn fetch(version: Version, home: &Path) -> Result<(), String> {
    let partial = home.with_extension("partial");
    for dir in [home, &partial] {
        if dir.exists() {
            fs::remove_dir_all(dir).unwrap();
        }
    }
    fs::create_dir_all(&partial).unwrap();
    let pom = partial.join("pom.xml");
    fs::write(&pom, POM.replace("@KAFKA_VERSION@", version.as_str())).unwrap();
    let output = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(&pom)
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", partial.join("lib").display()))
        .output()
        .unwrap();
    if !output.status.success() {
        let said = last_lines(&output.stdout);
        return Err(format!("Maven could not bring Apache Kafka {}: {said}", version.as_str()));
    }
    fs::write(partial.join(MANIFEST), listing(&partial.join("lib"))).unwrap();
    fs::rename(&partial, home).unwrap();
    if is_complete(home) {
        Ok(())
    } else {
        Err(format!("Maven brought Apache Kafka {} without its broker", version.as_str()))
    }
}

/// Tells whether the jars are those that were written down after the fetch, the broker among them.
fn is_complete(home: &Path) -> bool {
    let Ok(manifest) = fs::read_to_string(home.join(MANIFEST)) else { return false };
    manifest.contains("kafka_2.13-")
        && manifest.contains("connect-mirror-")
        && manifest == listing(&home.join("lib"))
}

fn listing(lib: &Path) -> String {
    let mut jars: Vec<String> = fs::read_dir(lib)
        .into_iter()
        .flatten()
        .map(|entry| {
            let entry = entry.unwrap();
            format!("{} {}\n", entry.metadata().unwrap().len(), entry.file_name().display())
        })
        .collect();
    jars.sort();
    jars.concat()
}

fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join(" | ")
}

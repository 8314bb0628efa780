//! `strait init` at real clusters: what it finds there, and that what it writes passes every check.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::admin::create_replicated;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::LIMIT;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, Listener};
use crate::harness::strait::run;

/// Runs `strait init` and returns code, stdout, stderr.
fn init(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .arg("init")
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_written_fits_the_clusters_and_passes_every_check() {
    live(|lab| {
        let source = lab.start("source", ClusterSpec::three());
        let target = &shared_pair().target;
        let topic = lab.topic("orders");
        create_replicated(&source, &topic, 3, 3, &[]);
        produce(&source, &topic, "none", &mixed(7, 500, 3));
        let file = lab.work_dir().join("made.toml");
        let _ = std::fs::remove_file(&file);
        let named = [
            format!("us={}", source.address(Listener::Plaintext)),
            format!("eu={}", target.address(Listener::Plaintext)),
        ];
        let path = file.display().to_string();
        let (code, _, stderr) =
            init(&["--from-cluster", &named[0], "--from-cluster", &named[1], "--output", &path]);
        assert_eq!(code, Some(0), "{stderr}");
        let made = std::fs::read_to_string(&file).unwrap();
        let size = made.lines().find(|line| line.contains(&format!("- {topic}: 3 partitions, "))).unwrap();
        assert!(size.ends_with("KiB") || size.ends_with("MiB"), "{size}");
        let servers = source.bootstrap(Listener::Plaintext);
        assert!(servers.iter().all(|server| made.contains(server.as_str())), "{made}");
        assert_eq!(made.matches("cluster_id = ").count(), 2, "{made}");
        assert!(made.contains("# cluster eu has 1 broker\nreplication_factor = 1\n"), "{made}");
        run(&file, &["validate", "--offline"], LIMIT).assert_code(0);
        let finished = run(&file, &["validate"], LIMIT);
        assert_eq!(finished.stdout, "", "{}", finished.stderr);
        finished.assert_code(0);
    });
}

#[test]
fn the_answers_on_a_terminal_become_a_file() {
    live(|lab| {
        let folder = lab.work_dir();
        let file = folder.join("strait.toml");
        let _ = std::fs::remove_file(&file);
        let binary = env!("CARGO_BIN_EXE_strait");
        let mut child = Command::new("script")
            .args(["-qec", &format!("stty -echo; exec {binary} init --color never"), "/dev/null"])
            .current_dir(&folder)
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let [source, target] = [&shared_pair().source, &shared_pair().target]
            .map(|cluster| cluster.address(Listener::Plaintext));
        let answers = format!("{source}\nus\n{target}\n\norders.*, re:pay.+\n");
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{shown}");
        assert!(shown.contains("next: strait validate"), "{shown}");
        let made = std::fs::read_to_string(&file).unwrap();
        assert!(made.contains("[flows.us-target]"), "{made}");
        assert!(made.contains("topics = [\"orders.*\", \"re:pay.+\"]"), "{made}");
        run(&file, &["validate", "--offline", "--strict"], LIMIT).assert_code(0);
    });
}

#[test]
fn one_cluster_twice_and_a_listener_that_cannot_be_asked_are_explained() {
    live(|_| {
        let plain = shared_pair().source.address(Listener::Plaintext);
        let (one, two) = (format!("us={plain}"), format!("eu={plain}"));
        let (code, stdout, stderr) = init(&["--from-cluster", &one, "--from-cluster", &two]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("one cluster"), "{stderr}");
        for (listener, words) in [(Listener::Ssl, "SSL://"), (Listener::SaslPlaintext, "--template")] {
            let two = format!("eu={}", shared_secure().address(listener));
            let (code, _, stderr) = init(&["--from-cluster", &one, "--from-cluster", &two]);
            assert_eq!(code, Some(1), "{stderr}");
            assert!(stderr.contains(words), "{stderr}");
        }
    });
}

//! What is drawn on a terminal, and what is not. `script` (util-linux) plays the terminal.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Clears the line the cursor is in.
const CLEAR_LINE: &str = "\x1b[2K";

/// Runs `strait replicate --once` against two ports where nothing listens, on a terminal of 80 columns,
/// and returns what the terminal got; `None`, told on stderr, where there is no `script`.
fn on_a_terminal(folder: &Path, arguments: &str, environment: &[(&str, &str)]) -> Option<String> {
    let closed_port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "[clusters.us]\nbootstrap_servers = [\"127.0.0.1:{}\"]\n\
         [clusters.eu]\nbootstrap_servers = [\"127.0.0.1:{}\"]\n\
         [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\ngroups = []\n",
        closed_port(),
        closed_port()
    );
    std::fs::write(folder.join("strait.toml"), config).unwrap();
    let binary = env!("CARGO_BIN_EXE_strait");
    let command = format!("stty cols 80 rows 24; exec {binary} replicate --once --timeout 1s {arguments}");
    let run = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .env_remove("STRAIT_CONFIG")
        .envs(environment.iter().copied())
        .output();
    match run {
        Ok(output) => {
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            assert!(std::env::var_os("STRAIT_REQUIRE_LIVE").is_none(), "script cannot be run: {error}");
            // Only the printing macros are captured, so this is seen where the test passes.
            let _ = writeln!(std::io::stderr(), "terminal tests NOT run: script cannot be run: {error}");
            None
        }
    }
}

#[test]
fn a_flow_has_a_line_that_is_drawn_over_itself_and_gone_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let Some(shown) = on_a_terminal(folder.path(), "", &[]) else { return };
    assert!(shown.contains("us-eu  starting"), "{shown:?}");
    assert!(shown.contains("\x1b[1;31merror:\x1b[0m cannot reach cluster"), "{shown:?}");
    // Words begin on a line that was cleared, not behind what was drawn.
    for words in ["\x1b[1;33mwarning:", "\x1b[1;31merror:"] {
        let (before, _) = shown.split_once(words).unwrap();
        let is_clear = before.is_empty() || before.ends_with(CLEAR_LINE) || before.ends_with('\n');
        assert!(is_clear, "{shown:?}");
    }
    let (_, last) = shown.rsplit_once("us-eu  starting").unwrap();
    assert!(last.contains(CLEAR_LINE), "the line is taken away at the end: {shown:?}");
}

#[test]
fn no_color_draws_without_colour() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, environment) in [("", &[("NO_COLOR", "1")][..]), ("--color never", &[])] {
        let Some(shown) = on_a_terminal(folder.path(), arguments, environment) else { return };
        assert!(shown.contains("us-eu  starting") && shown.contains(CLEAR_LINE), "{shown:?}");
        assert!(!shown.contains("\x1b[1;") && !shown.contains("\x1b[0m"), "{shown:?}");
    }
}

#[test]
fn quiet_json_and_a_dumb_terminal_draw_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, environment) in
        [("-q", &[][..]), ("--format json", &[]), ("", &[("TERM", "dumb")]), ("--color never -q", &[])]
    {
        let Some(shown) = on_a_terminal(folder.path(), arguments, environment) else { return };
        assert!(!shown.contains(CLEAR_LINE) && !shown.contains("us-eu  starting"), "{shown:?}");
        assert!(shown.contains("cannot reach cluster"), "{shown:?}");
    }
}

//! One file for each subcommand; the small ones stand here.

pub mod observe;
pub mod replicate;

use std::io::Write;

use crate::exit::Exit;

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::cli::definition(), "strait", &mut script);
    print(&script)
}

/// Prints the manual page.
pub fn man() -> Exit {
    let mut page = Vec::new();
    match clap_mangen::Man::new(crate::cli::definition()).render(&mut page) {
        Ok(()) => print(&page),
        Err(_) => Exit::Failed,
    }
}

/// Writes to stdout; a reader that went away is no error.
fn print(bytes: &[u8]) -> Exit {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed,
        _ => Exit::Done,
    }
}

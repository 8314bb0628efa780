//! The `strait` command: a thin shell over the library.

fn main() -> std::process::ExitCode {
    strait::cli::main().into()
}

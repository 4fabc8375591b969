//! The `enrollment` command: see [`enrollment_server::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    enrollment_server::cli::main()
}

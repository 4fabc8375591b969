//! The `enrollment` command: see [`enrollment_server::cli`].

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// What is loaded for an enrollment is many small things that live for one transaction.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    enrollment_server::cli::main()
}

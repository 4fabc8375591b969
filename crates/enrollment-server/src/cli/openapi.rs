//! `enrollment openapi`.

use super::Failure;
use std::process::ExitCode;

pub(super) fn run() -> Result<ExitCode, Failure> {
    println!("{}", enrollment_http::openapi().to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}

//! The `enrollment` command.
fn main() {}

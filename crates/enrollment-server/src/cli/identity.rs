//! The settings of who callers are.

use crate::identity::Settings;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct IdentityArgs {
    /// Let everybody in, who then may do everything: for a developer's machine. Only on loopback addresses.
    #[arg(long, env = "ENROLLMENT_NO_AUTHENTICATION", value_parser = clap::builder::BoolishValueParser::new())]
    pub(super) no_authentication: bool,
}

impl IdentityArgs {
    pub(super) fn settings(&self) -> Settings {
        Settings { let_everybody_in: self.no_authentication }
    }
}

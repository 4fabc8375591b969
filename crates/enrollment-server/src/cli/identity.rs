//! The settings of who callers are.

use super::Failure;
use crate::identity::Settings;
use crate::identity::provider::{ClaimPath, KeySource, Mapping, ProviderSettings, RoleRule};
use clap::Args;
use std::str::FromStr;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct IdentityArgs {
    /// Let everybody in, who then may do everything: for a developer's machine. Only on loopback addresses.
    #[arg(long, env = "ENROLLMENT_NO_AUTHENTICATION", value_parser = clap::builder::BoolishValueParser::new())]
    pub(super) no_authentication: bool,
    /// The issuer of the identity provider whose tokens (JWTs) are taken, as in the claim `iss`.
    #[arg(long, env = "ENROLLMENT_OIDC_ISSUER", value_name = "URL", requires = "oidc_audience")]
    oidc_issuer: Option<String>,
    /// The audiences of which a token has to name one in the claim `aud`.
    #[arg(
        long,
        env = "ENROLLMENT_OIDC_AUDIENCE",
        value_name = "NAME",
        value_delimiter = ',',
        requires = "oidc_issuer"
    )]
    oidc_audience: Vec<String>,
    /// The provider's keys (a JWKS): a file, or an https URL. Without it, where the issuer's `/.well-known/openid-configuration` says.
    #[arg(long, env = "ENROLLMENT_OIDC_JWKS", value_name = "FILE|URL", requires = "oidc_issuer", value_parser = KeySource::from_str)]
    oidc_jwks: Option<KeySource>,
    /// Seconds by which the provider's clock may differ.
    #[arg(long, env = "ENROLLMENT_OIDC_LEEWAY", default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=300))]
    oidc_leeway: u64,
    /// The claim that holds a student's number.
    #[arg(long, env = "ENROLLMENT_OIDC_STUDENT_CLAIM", value_name = "CLAIM", value_parser = ClaimPath::from_str)]
    oidc_student_claim: Option<ClaimPath>,
    /// The claim that holds an instructor's number.
    #[arg(long, env = "ENROLLMENT_OIDC_INSTRUCTOR_CLAIM", value_name = "CLAIM", value_parser = ClaimPath::from_str)]
    oidc_instructor_claim: Option<ClaimPath>,
    /// The claim that holds the programmes of an advisor.
    #[arg(long, env = "ENROLLMENT_OIDC_PROGRAMS_CLAIM", value_name = "CLAIM", value_parser = ClaimPath::from_str)]
    oidc_programs_claim: Option<ClaimPath>,
    /// The claim that holds roles.
    #[arg(long, env = "ENROLLMENT_OIDC_ROLES_CLAIM", value_name = "CLAIM", value_parser = ClaimPath::from_str)]
    oidc_roles_claim: Option<ClaimPath>,
    /// Which value of that claim means which role: `office=registrar`, `sync=service:students:read+catalog:read`.
    #[arg(long, env = "ENROLLMENT_OIDC_ROLES", value_name = "VALUE=ROLE", value_delimiter = ',', value_parser = RoleRule::from_str)]
    oidc_roles: Vec<RoleRule>,
}

impl IdentityArgs {
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings { let_everybody_in: self.no_authentication, provider: self.provider()? })
    }

    fn provider(&self) -> Result<Option<ProviderSettings>, Failure> {
        let Some(issuer) = self.oidc_issuer.clone() else { return Ok(None) };
        if issuer.is_empty() || self.oidc_audience.iter().any(String::is_empty) {
            return Err("the issuer and the audiences of the identity provider must not be empty".into());
        }
        let keys = match &self.oidc_jwks {
            Some(keys) => keys.clone(),
            None => KeySource::of_issuer(&issuer).map_err(|reason| format!("{reason}, by ENROLLMENT_OIDC_JWKS"))?,
        };
        let mapping = Mapping {
            student: self.oidc_student_claim.clone(),
            instructor: self.oidc_instructor_claim.clone(),
            programs: self.oidc_programs_claim.clone(),
            roles: self.oidc_roles_claim.clone(),
            rules: self.oidc_roles.clone(),
        };
        let leeway = Duration::from_secs(self.oidc_leeway);
        Ok(Some(ProviderSettings { issuer, audiences: self.oidc_audience.clone(), keys, leeway, mapping }))
    }
}

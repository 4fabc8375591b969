//! Finds the keys of a provider by its issuer alone
//! ([OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html)).

use super::fetch::Fetcher;
use super::key_keeper::is_trustworthy;
use serde::Deserialize;

/// What is read of a provider's configuration.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// Where an issuer says what it is.
pub(super) fn configuration_of(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// The keys of this issuer, as they are where its configuration says that they are. It is asked each time, since a provider may move them.
pub(super) fn keys(issuer: &str, fetcher: &Fetcher) -> Result<Vec<u8>, String> {
    let text = fetcher.get(&configuration_of(issuer))?;
    let url = keys_url(issuer, &text)?;
    fetcher.get(&url).map_err(|reason| format!("{url}: {reason}"))
}

fn keys_url(issuer: &str, configuration: &[u8]) -> Result<String, String> {
    let told: Configuration = serde_json::from_slice(configuration)
        .map_err(|error| format!("it is no configuration of OpenID Connect: {error}"))?;
    // Letter by letter, as the claim `iss` is compared (section 4.3): else somebody else's configuration could stand there.
    if told.issuer != issuer {
        return Err(format!(
            "it is the configuration of the issuer `{}`: set that one, if it is the right one",
            told.issuer
        ));
    }
    if !is_trustworthy(&told.jwks_uri) {
        return Err(format!("its jwks_uri `{}` is no https URL", told.jwks_uri));
    }
    Ok(told.jwks_uri)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://id.example.edu/realms/campus";

    #[test]
    fn the_configuration_is_below_the_issuer() {
        let expected = format!("{ISSUER}/.well-known/openid-configuration");
        assert_eq!(configuration_of(ISSUER), expected);
        assert_eq!(configuration_of(&format!("{ISSUER}/")), expected);
    }

    #[test]
    fn only_the_issuers_own_configuration_tells_where_its_keys_are() {
        let keys = "https://keys.example.edu/jwks";
        let read = |configuration: Value| keys_url(ISSUER, configuration.to_string().as_bytes());
        assert_eq!(read(json!({"issuer": ISSUER, "jwks_uri": keys, "scopes_supported": []})).as_deref(), Ok(keys));
        for (configuration, said) in [
            (
                json!({"issuer": format!("{ISSUER}/"), "jwks_uri": keys}),
                "the issuer `https://id.example.edu/realms/campus/`",
            ),
            (json!({"issuer": "https://evil.example", "jwks_uri": keys}), "the issuer `https://evil.example`"),
            (json!({"issuer": ISSUER, "jwks_uri": "http://keys.example.edu/jwks"}), "no https URL"),
            (json!({"issuer": ISSUER, "jwks_uri": "/etc/passwd"}), "no https URL"),
            (json!({"issuer": ISSUER}), "no configuration"),
            (json!({"jwks_uri": keys}), "no configuration"),
            (json!([]), "no configuration"),
        ] {
            let told = read(configuration).unwrap_err();
            assert!(told.contains(said), "{told}");
        }
    }
}

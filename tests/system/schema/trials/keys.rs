//! API keys and the access tokens that they are exchanged for.

use super::{ACCEPTED, Trials, with};

pub(super) fn all() -> Trials {
    let mut trials = with(
        "issue(1)",
        &[
            ("UPDATE api_keys SET prefix = 'ABCDEFGH'", "api_keys_prefix_check"),
            ("UPDATE api_keys SET prefix = 'abcdefg'", "api_keys_prefix_check"),
            ("UPDATE api_keys SET prefix = 'z2345677'", ACCEPTED),
            ("UPDATE api_keys SET digest = 'short'", "api_keys_digest_check"),
            ("UPDATE api_keys SET name = ''", "api_keys_name_check"),
            ("UPDATE api_keys SET name = ' x'", "api_keys_name_check"),
            ("UPDATE api_keys SET name = repeat('学', 200)", ACCEPTED),
            ("UPDATE api_keys SET name = repeat('学', 201)", "api_keys_name_check"),
            ("UPDATE api_keys SET roles = '{}'", "api_keys_roles_check"),
            ("UPDATE api_keys SET roles = '[]'", "api_keys_roles_check"),
            ("UPDATE api_keys SET created_by = ''", "api_keys_created_by_check"),
            ("UPDATE api_keys SET expires_at = created_at", "api_keys_expires_at_check"),
            ("UPDATE api_keys SET expires_at = created_at + interval '1 microsecond'", ACCEPTED),
            ("UPDATE api_keys SET revoked_at = now()", "api_keys_revoked_by_check"),
            ("UPDATE api_keys SET revoked_by = 'key:x'", "api_keys_revoked_by_check"),
            ("UPDATE api_keys SET revoked_at = now(), revoked_by = 'key:x'", ACCEPTED),
            ("SELECT issue(2)", ACCEPTED),
            ("SELECT issue(2); UPDATE api_keys SET prefix = 'aaaaaaaa'", "api_keys_prefix_key"),
            ("SELECT issue(2); UPDATE api_keys SET digest = sha256('x')", "api_keys_digest_key"),
        ],
    );
    trials.extend(with(
        "exchange(1)",
        &[
            ("UPDATE access_tokens SET digest = 'short'", "access_tokens_digest_check"),
            ("UPDATE access_tokens SET key_id = id(999)", "access_tokens_key_id_fkey"),
            ("DELETE FROM api_keys", "access_tokens_key_id_fkey"),
            ("UPDATE access_tokens SET roles = '\"registrar\"'", "access_tokens_roles_check"),
            ("UPDATE access_tokens SET roles = '[]'", "access_tokens_roles_check"),
            ("UPDATE access_tokens SET expires_at = issued_at", "access_tokens_expires_at_check"),
            ("INSERT INTO access_tokens SELECT * FROM access_tokens", "access_tokens_pkey"),
        ],
    ));
    trials
}

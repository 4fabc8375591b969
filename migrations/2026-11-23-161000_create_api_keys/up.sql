-- API keys, and the access tokens that they are exchanged for. Of a secret only the SHA-256 is kept.

CREATE TABLE api_keys (
    id           uuid        NOT NULL CONSTRAINT api_keys_pkey PRIMARY KEY,
    -- The public part of the key, as which it acts.
    prefix       text        NOT NULL CONSTRAINT api_keys_prefix_check CHECK (prefix ~ '^[a-z2-7]{8}$'),
    digest       bytea       NOT NULL CONSTRAINT api_keys_digest_check CHECK (octet_length(digest) = 32),
    name         text        NOT NULL CONSTRAINT api_keys_name_check CHECK (btrim(name) = name AND char_length(name) BETWEEN 1 AND 200),
    roles        jsonb       NOT NULL CONSTRAINT api_keys_roles_check CHECK (jsonb_typeof(roles) = 'array' AND roles <> '[]'),
    created_at   timestamptz NOT NULL,
    created_by   text        NOT NULL CONSTRAINT api_keys_created_by_check CHECK (created_by <> ''),
    -- The first instant at which it is no longer valid.
    expires_at   timestamptz CONSTRAINT api_keys_expires_at_check CHECK (expires_at > created_at),
    revoked_at   timestamptz,
    revoked_by   text,
    -- Written behind the requests, about once a minute.
    last_used_at timestamptz,
    CONSTRAINT api_keys_revoked_by_check CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
    CONSTRAINT api_keys_prefix_key UNIQUE (prefix),
    CONSTRAINT api_keys_digest_key UNIQUE (digest)
);

CREATE TABLE access_tokens (
    digest     bytea       NOT NULL CONSTRAINT access_tokens_pkey PRIMARY KEY CONSTRAINT access_tokens_digest_check CHECK (octet_length(digest) = 32),
    key_id     uuid        NOT NULL CONSTRAINT access_tokens_key_id_fkey REFERENCES api_keys (id),
    roles      jsonb       NOT NULL CONSTRAINT access_tokens_roles_check CHECK (jsonb_typeof(roles) = 'array' AND roles <> '[]'),
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CONSTRAINT access_tokens_expires_at_check CHECK (expires_at > issued_at)
);

-- Those that have expired, to forget them.
CREATE INDEX access_tokens_expires_at_idx ON access_tokens (expires_at);
-- Those of a key.
CREATE INDEX access_tokens_key_id_idx ON access_tokens (key_id);

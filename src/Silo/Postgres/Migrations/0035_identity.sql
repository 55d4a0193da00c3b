-- People and service accounts, what they may do where, and what they sign in with. Written by the APIs, each change in one transaction: see docs/decisions/0035. No secret is here but as a hash.

CREATE TABLE account (
    id uuid PRIMARY KEY,
    name text NOT NULL,                       -- in logs and the audit log; one whatever its case
    display_name text,
    email text,
    kind text NOT NULL,                       -- local, service, external
    disabled boolean NOT NULL DEFAULT false,
    password text,                            -- an Argon2id hash in PHC's notation, with its parameters and salt
    issuer text,                              -- of an external one: who vouches for it, and as whom
    subject text,
    groups text[] NOT NULL DEFAULT '{}',      -- that its issuer said last
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    last_sign_in timestamptz
);
CREATE UNIQUE INDEX account_by_name ON account (lower(name));
CREATE UNIQUE INDEX account_by_subject ON account (issuer, subject);

-- What an account may do in a project, or (no project) in the cloud. Roles are numbered as in Role (Contracts).
CREATE TABLE role_binding (
    account uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    project uuid,
    role smallint NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL
);
CREATE UNIQUE INDEX role_binding_of_account ON role_binding (account, coalesce(project, '00000000-0000-0000-0000-000000000000'));
CREATE INDEX role_binding_by_project ON role_binding (project);

-- Signed in with a browser. By the hash of the cookie's secret.
CREATE TABLE account_session (
    hash text PRIMARY KEY,
    account uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    method text NOT NULL,
    id_token text,
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz NOT NULL
);
CREATE INDEX account_session_by_account ON account_session (account);
CREATE INDEX account_session_by_end ON account_session (expires);

-- An account's own tokens: never good for more than the account is. By the hash of the secret.
CREATE TABLE account_token (
    id uuid PRIMARY KEY,
    hash text NOT NULL UNIQUE,
    account uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    name text NOT NULL,
    project uuid,                             -- null: wherever the account may do something
    role smallint,                            -- at most; null: as the account
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    expires timestamptz,
    last_used timestamptz
);
CREATE INDEX account_token_by_account ON account_token (account);

-- Lets somebody set a password, once. By the hash of its secret.
CREATE TABLE password_reset (
    account uuid PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    hash text NOT NULL UNIQUE,
    expires timestamptz NOT NULL
);

-- Failed attempts at a name, whether or not anybody has it. Nothing is lost with it but the wait.
CREATE UNLOGGED TABLE sign_in_failure (
    name text PRIMARY KEY,
    failures integer NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_by_end ON sign_in_failure (until);

-- Who has been sent to the identity provider and is to come back, by the hash of the state that comes back with them. Nothing is lost with it: they begin anew.
CREATE UNLOGGED TABLE sign_in_flow (
    state text PRIMARY KEY,
    browser text NOT NULL,       -- hash of the secret in the cookie of the browser that began
    nonce text NOT NULL,
    verifier text NOT NULL,      -- PKCE's
    return_to text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX sign_in_flow_by_end ON sign_in_flow (expires);

-- Whom a client certificate is for, by its subject. The certificates themselves are nowhere; who signs them says Api:ClientAuthority. Written by the APIs.
CREATE TABLE account_certificate (
    id uuid PRIMARY KEY,
    account uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    subject text NOT NULL UNIQUE,             -- as X500DistinguishedName writes it: the most specific part first
    fingerprint text,                         -- SHA-256 of the only certificate that is taken, in lower-case hex; null: any of that subject
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    last_used timestamptz
);
CREATE INDEX account_certificate_by_account ON account_certificate (account);

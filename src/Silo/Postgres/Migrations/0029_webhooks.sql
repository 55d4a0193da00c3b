-- Whom to tell of events, and how far each has been told. Silos deliver; one at a time has a webhook's turn (holder, until).
CREATE TABLE webhook (
    id uuid PRIMARY KEY,
    project uuid NOT NULL,
    everything boolean NOT NULL,       -- an operator's: of all projects, and of what is nobody's
    url text NOT NULL,
    kinds text[] NOT NULL,             -- terms; none: all
    entity uuid,
    secret text NOT NULL,
    old_secret text,
    old_secret_until timestamptz,
    created timestamptz NOT NULL,
    created_by text NOT NULL,
    state text NOT NULL DEFAULT 'active',   -- active, dead
    position bigint NOT NULL,          -- delivered up to here
    missed bigint NOT NULL DEFAULT 0,  -- the log was thrown away up to here before it was delivered
    attempts integer NOT NULL DEFAULT 0,    -- of the next event
    next_attempt timestamptz,
    last_error text,
    last_delivery timestamptz,
    holder uuid,
    until timestamptz
);
CREATE INDEX webhook_by_project ON webhook (project);

-- Tickets for consoles, by the hash of their secret. Whoever deletes the row has redeemed it. Nothing is lost with them: they live for seconds.
CREATE UNLOGGED TABLE console_ticket (
    hash text PRIMARY KEY,
    compute uuid NOT NULL,
    kind smallint NOT NULL,
    project uuid NOT NULL,
    role smallint NOT NULL,
    principal text NOT NULL,
    expires timestamptz NOT NULL
);

-- What machines have used: a ring of places, one for each 15 seconds of the last hour. A place is written over after an hour, so nothing has to be thrown away
-- but what gone machines leave. Rows are HOT-updated: no index but the key.
CREATE UNLOGGED TABLE machine_sample (
    slot smallint NOT NULL,
    machine uuid NOT NULL,
    taken timestamptz NOT NULL,
    project uuid NOT NULL,
    host uuid NOT NULL,
    sample bytea NOT NULL,
    PRIMARY KEY (slot, machine)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

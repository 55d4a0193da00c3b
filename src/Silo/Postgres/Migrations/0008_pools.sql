-- What a consumer takes of a shared pool: a directory that several hosts see. Counted once for the pool, whichever host has the object now.
CREATE TABLE pool_claim (
    consumer uuid NOT NULL,
    incarnation uuid NOT NULL,
    pool uuid NOT NULL,
    project uuid NOT NULL,
    disk bigint NOT NULL,
    claimed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, incarnation)
);
CREATE INDEX pool_claim_by_pool ON pool_claim (pool);
CREATE INDEX pool_claim_by_project ON pool_claim (project);

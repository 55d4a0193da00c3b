-- What a consumer takes of a shared pool: a directory that several hosts see. Counted once, whichever hosts the object is placed on.
CREATE TABLE pool_claim (
    consumer uuid PRIMARY KEY,
    pool uuid NOT NULL,
    project uuid NOT NULL,
    disk bigint NOT NULL,
    claimed timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX pool_claim_by_pool ON pool_claim (pool);
CREATE INDEX pool_claim_by_project ON pool_claim (project);

-- Claims are rows. What is used is the sum of rows, never a counter.

-- What an incarnation of a consumer takes of a host, and of its project's quota. A network takes nothing and is noted, so that its host knows of it.
CREATE TABLE host_claim (
    consumer uuid NOT NULL,
    incarnation uuid NOT NULL,
    host uuid NOT NULL,
    term text NOT NULL,
    project uuid NOT NULL,
    cores integer NOT NULL,
    memory bigint NOT NULL,
    disk bigint NOT NULL,
    claimed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, incarnation, host)
);
CREATE INDEX host_claim_by_host ON host_claim (host);
CREATE INDEX host_claim_by_project ON host_claim (project);

-- Ranges of networks never overlap: they may meet on any host.
CREATE TABLE subnet_claim (
    network uuid PRIMARY KEY,
    range cidr NOT NULL,
    gateway inet NOT NULL,
    EXCLUDE USING gist (range inet_ops WITH &&)
);

CREATE TABLE address_claim (
    network uuid NOT NULL REFERENCES subnet_claim ON DELETE CASCADE,
    address inet NOT NULL,
    link uuid NOT NULL,
    consumer uuid NOT NULL,
    mac text NOT NULL,
    hostname text,
    PRIMARY KEY (network, address),
    UNIQUE (network, link),
    UNIQUE (network, mac)
);
CREATE INDEX address_claim_by_consumer ON address_claim (consumer);

-- Where agents dial in: each silo keeps its row fresh.
CREATE TABLE gateway (
    silo text PRIMARY KEY,
    endpoint text NOT NULL,
    seen timestamptz NOT NULL
);

-- What silos say of themselves, so that one who looks finds what does not fit: clocks, migrations, certificates, room for images.
ALTER TABLE gateway
    ADD COLUMN noted timestamptz,             -- the database's clock at the time that "seen" has by the silo's
    ADD COLUMN version text,
    ADD COLUMN migrations integer[],          -- that the silo knows
    ADD COLUMN disk_free bigint,              -- of the image store
    ADD COLUMN disk_size bigint,
    ADD COLUMN authority_until timestamptz,
    ADD COLUMN certificate_until timestamptz; -- the gateway's own

-- What gateways see of hosts beside what their grains keep. Nothing is lost with it: it is written again with the next session or statistics.
CREATE UNLOGGED TABLE host_seen (
    host uuid PRIMARY KEY,
    noted timestamptz NOT NULL,
    clock_ahead_ms bigint,                    -- the agent's clock against the gateway's
    certificate_from timestamptz,
    certificate_until timestamptz
);

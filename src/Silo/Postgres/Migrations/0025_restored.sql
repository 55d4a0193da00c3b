-- Each restore of the database from a backup: "controller restore" writes a row. The newest era goes before all generations that agents are told, so that what they were told
-- before the restore, of which this database knows nothing, is older. IF NOT EXISTS: a backup of a release without this table gets it when it is restored.
CREATE TABLE IF NOT EXISTS restored (
    era bigint PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    taken timestamptz NOT NULL
);

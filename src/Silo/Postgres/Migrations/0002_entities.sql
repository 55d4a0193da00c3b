-- The row that holds a grain's state is its inventory row: payload and extracted columns are written in one statement, so the inventory cannot lie.
-- Only columns that never change in an entity's life are indexed (and the due time, partially): all other updates stay HOT.

CREATE SEQUENCE entity_seq;

CREATE TABLE entity (
    state_name text NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    payload bytea NOT NULL,
    modified timestamptz NOT NULL DEFAULT now(),
    seq bigint NOT NULL DEFAULT nextval('entity_seq'),
    entity_id uuid,
    project uuid,
    source uuid,
    target uuid,
    state text,
    host uuid,
    title text,
    mixins text[] NOT NULL DEFAULT '{}',
    listed boolean NOT NULL DEFAULT true,
    due timestamptz,
    cores integer,
    memory bigint,
    disk bigint,
    PRIMARY KEY (state_name, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX entity_by_project ON entity (project, state_name, seq);
CREATE INDEX entity_by_kind ON entity (state_name, seq);
CREATE INDEX entity_by_id ON entity (entity_id);
CREATE INDEX entity_by_source ON entity (source) WHERE source IS NOT NULL;
CREATE INDEX entity_by_target ON entity (target) WHERE target IS NOT NULL;
CREATE INDEX entity_due ON entity (due) WHERE due IS NOT NULL;

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('ReadFromStorageKey', $q$
SELECT payload AS PayloadBinary, version AS Version FROM entity WHERE state_name = @GrainTypeString AND id = @GrainIdExtensionString
$q$),
('WriteToStorageKey', $q$
WITH d AS MATERIALIZED (SELECT convert_from(@PayloadBinary, 'UTF8')::jsonb -> 'index' AS i),
c AS MATERIALIZED (SELECT
    (i ->> 'entityId')::uuid AS entity_id, (i ->> 'project')::uuid AS project, (i ->> 'source')::uuid AS source, (i ->> 'target')::uuid AS target,
    i ->> 'state' AS state, (i ->> 'host')::uuid AS host, i ->> 'title' AS title,
    ARRAY(SELECT jsonb_array_elements_text(i -> 'mixins')) AS mixins, (i ->> 'listed')::boolean AS listed, (i ->> 'due')::timestamptz AS due,
    (i ->> 'cores')::integer AS cores, (i ->> 'memory')::bigint AS memory, (i ->> 'disk')::bigint AS disk FROM d),
u AS (
    UPDATE entity e SET payload = @PayloadBinary, version = e.version + 1, modified = now(), entity_id = c.entity_id, project = c.project,
        source = c.source, target = c.target, state = c.state, host = c.host, title = c.title, mixins = c.mixins, listed = c.listed, due = c.due,
        cores = c.cores, memory = c.memory, disk = c.disk
    FROM c
    WHERE e.state_name = @GrainTypeString AND e.id = @GrainIdExtensionString AND e.version = @GrainStateVersion::integer
    RETURNING e.version),
n AS (
    INSERT INTO entity (state_name, id, version, payload, entity_id, project, source, target, state, host, title, mixins, listed, due, cores, memory, disk)
    SELECT @GrainTypeString, @GrainIdExtensionString, 1, @PayloadBinary, c.*
    FROM c WHERE @GrainStateVersion::integer IS NULL
    ON CONFLICT DO NOTHING
    RETURNING version)
SELECT version AS NewGrainStateVersion FROM u UNION ALL SELECT version FROM n
$q$),
('ClearStorageKey', $q$
DELETE FROM entity WHERE state_name = @GrainTypeString AND id = @GrainIdExtensionString AND version = @GrainStateVersion::integer
RETURNING version + 1 AS NewGrainStateVersion
$q$),
('DeleteStorageKey', $q$
DELETE FROM entity WHERE state_name = @GrainTypeString AND id = @GrainIdExtensionString AND version = @GrainStateVersion::integer
RETURNING version + 1 AS NewGrainStateVersion
$q$);

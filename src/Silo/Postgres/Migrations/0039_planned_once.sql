-- What runs with every row is planned once for each connection: a function in SQL is parsed and planned with every call, one in plpgsql is not. It does what it did.
CREATE OR REPLACE FUNCTION count_entities() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.listed THEN
        INSERT INTO entity_count AS c (state_name, project, block, backend, entities)
        VALUES (OLD.state_name, coalesce(OLD.project, '00000000-0000-0000-0000-000000000000'), OLD.seq >> 10, pg_backend_pid(), -1)
        ON CONFLICT (state_name, project, block, backend) DO UPDATE SET entities = c.entities + excluded.entities;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.listed THEN
        INSERT INTO entity_count AS c (state_name, project, block, backend, entities)
        VALUES (NEW.state_name, coalesce(NEW.project, '00000000-0000-0000-0000-000000000000'), NEW.seq >> 10, pg_backend_pid(), 1)
        ON CONFLICT (state_name, project, block, backend) DO UPDATE SET entities = c.entities + excluded.entities;
    END IF;
    RETURN NULL;
END
$f$;

-- The payload is read once, not twice.
CREATE OR REPLACE FUNCTION note_event() RETURNS trigger LANGUAGE plpgsql AS $f$
DECLARE
    seen entity;
    what text;
    was text;
    its_view jsonb;
    its_kind text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        seen := NEW;
        what := 'created';
    ELSIF TG_OP = 'DELETE' OR NOT NEW.listed THEN
        seen := OLD;
        what := 'deleted';
        was := OLD.state;
    ELSE
        seen := NEW;
        was := CASE WHEN OLD.listed THEN OLD.state END;
        what := CASE WHEN NOT OLD.listed THEN 'created' WHEN OLD.state IS DISTINCT FROM NEW.state THEN 'state' ELSE 'changed' END;
    END IF;
    IF seen.entity_id IS NULL THEN
        RETURN NULL;
    END IF;
    -- Rows that are no entity of OCCI (tokens, images, …) have a view without a kind. A host's is within its own.
    its_view := convert_from(seen.payload, 'UTF8')::jsonb -> 'view';
    its_kind := coalesce(its_view ->> 'kind', its_view #>> '{entity,kind}');
    IF its_kind IS NOT NULL THEN
        INSERT INTO event_outbox (type, term, kind, entity, project, state, before, title, version)
        VALUES (what, seen.state_name, its_kind, seen.entity_id, seen.project, seen.state, was, seen.title, seen.version);
    END IF;
    RETURN NULL;
END
$f$;

-- What PostgreSQL knows of a table that was never analyzed is nothing: every index that begins with the kind looks as good as the key, and rows were found by reading all of their kind until the
-- first autoanalyze, a minute into a new cloud's life. It is shown what these tables will be like; what it learns from then on replaces that.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM entity) THEN
        INSERT INTO entity (state_name, id, version, payload, entity_id, project, state, host, title, listed)
        SELECT CASE n % 4 WHEN 0 THEN 'network' WHEN 1 THEN 'host' ELSE 'compute' END, 'sample/' || n, 1, decode('7b7d' || repeat('20', 2000), 'hex'), gen_random_uuid(), md5((n % 20)::text)::uuid, 'active',
            md5((n % 50)::text)::uuid, 'sample ' || n, false
        FROM generate_series(1, 1000) n;
        INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk)
        SELECT gen_random_uuid(), gen_random_uuid(), md5((n % 50)::text)::uuid, 'sample', md5((n % 20)::text)::uuid, 0, 0, 0 FROM generate_series(1, 1000) n;
        INSERT INTO usage_open (entity, what, project, quantity, since)
        SELECT md5(n::text)::uuid, w.what, md5((n % 20)::text)::uuid, 1, now() FROM generate_series(1, 1000) n, (VALUES ('computes'), ('cores'), ('memoryBytes')) w (what);
        ANALYZE entity, host_claim, usage_open;
        DELETE FROM usage_open;
        DELETE FROM entity WHERE id LIKE 'sample/%';
        DELETE FROM host_claim WHERE term = 'sample';
    END IF;
END $$;

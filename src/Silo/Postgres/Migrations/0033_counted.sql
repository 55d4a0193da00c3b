-- How many listed entities of a kind and a project there are in each stretch of creation order, so that a page in the middle or at the end is found without reading what comes before it. Exact,
-- by the statement that changes it: a row of its own for each connection, so that no two transactions ever wait for each other's count. See docs/decisions/0033.
CREATE TABLE entity_count (
    state_name text NOT NULL,
    project uuid NOT NULL,         -- all zeros: nobody's
    block bigint NOT NULL,         -- of entity.seq: seq >> 10
    backend integer NOT NULL,      -- that counts here
    entities integer NOT NULL,
    PRIMARY KEY (state_name, project, block, backend)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

CREATE FUNCTION count_entity(e entity, more integer) RETURNS void LANGUAGE sql AS $f$
    INSERT INTO entity_count AS c (state_name, project, block, backend, entities)
    VALUES (e.state_name, coalesce(e.project, '00000000-0000-0000-0000-000000000000'), e.seq >> 10, pg_backend_pid(), more)
    ON CONFLICT (state_name, project, block, backend) DO UPDATE SET entities = c.entities + excluded.entities
$f$;

CREATE FUNCTION count_entities() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.listed THEN
        PERFORM count_entity(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.listed THEN
        PERFORM count_entity(NEW, 1);
    END IF;
    RETURN NULL;
END
$f$;

-- Before the rows are counted: from here to the end of this transaction nobody else writes.
CREATE TRIGGER entity_counted_inserted AFTER INSERT ON entity FOR EACH ROW WHEN (NEW.listed) EXECUTE FUNCTION count_entities();
CREATE TRIGGER entity_counted_updated AFTER UPDATE ON entity FOR EACH ROW
WHEN (OLD.listed IS DISTINCT FROM NEW.listed OR (NEW.listed AND OLD.project IS DISTINCT FROM NEW.project)) EXECUTE FUNCTION count_entities();
CREATE TRIGGER entity_counted_deleted AFTER DELETE ON entity FOR EACH ROW WHEN (OLD.listed) EXECUTE FUNCTION count_entities();

INSERT INTO entity_count (state_name, project, block, backend, entities)
SELECT state_name, coalesce(project, '00000000-0000-0000-0000-000000000000'), seq >> 10, 0, count(*) FROM entity WHERE listed GROUP BY 1, 2, 3;

-- What happened to entities, written by the statement that does it: what is not committed did not happen, and what is committed is here. See docs/decisions/0028.

-- Not numbered yet: numbers that are drawn by many transactions become visible in another order than they are drawn in.
CREATE TABLE event_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    type text NOT NULL,            -- created, state, changed, deleted
    term text NOT NULL,            -- the kind's
    kind text NOT NULL,            -- its type identifier
    entity uuid NOT NULL,
    project uuid,                  -- null: nobody's, so operators' alone
    state text,
    before text,                   -- the state before
    title text,
    version integer NOT NULL       -- of the row
);

-- The log. Positions grow in the order in which rows become visible: one transaction at a time appends.
CREATE TABLE event (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    type text NOT NULL,
    term text NOT NULL,
    kind text NOT NULL,
    entity uuid NOT NULL,
    project uuid,
    state text,
    before text,
    title text,
    version integer NOT NULL
);
CREATE INDEX event_by_project ON event (project, position);
CREATE INDEX event_by_entity ON event (entity, position);

-- Up to where the log was thrown away.
CREATE TABLE event_pruned (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL
);
INSERT INTO event_pruned (position) VALUES (0);

CREATE FUNCTION note_event() RETURNS trigger LANGUAGE plpgsql AS $f$
DECLARE
    seen entity;
    what text;
    was text;
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
    -- Rows that are no entity of OCCI (tokens, images, …) have a view without a kind. A host's is within its own.
    its_kind := coalesce(convert_from(seen.payload, 'UTF8')::jsonb #>> '{view,kind}', convert_from(seen.payload, 'UTF8')::jsonb #>> '{view,entity,kind}');
    IF its_kind IS NOT NULL AND seen.entity_id IS NOT NULL THEN
        INSERT INTO event_outbox (type, term, kind, entity, project, state, before, title, version)
        VALUES (what, seen.state_name, its_kind, seen.entity_id, seen.project, seen.state, was, seen.title, seen.version);
    END IF;
    RETURN NULL;
END
$f$;

CREATE TRIGGER entity_event_inserted AFTER INSERT ON entity FOR EACH ROW WHEN (NEW.listed) EXECUTE FUNCTION note_event();

CREATE TRIGGER entity_event_updated AFTER UPDATE ON entity FOR EACH ROW
WHEN (OLD.listed IS DISTINCT FROM NEW.listed OR (NEW.listed AND (
    OLD.state IS DISTINCT FROM NEW.state OR OLD.title IS DISTINCT FROM NEW.title OR OLD.mixins IS DISTINCT FROM NEW.mixins
    OR OLD.cores IS DISTINCT FROM NEW.cores OR OLD.memory IS DISTINCT FROM NEW.memory OR OLD.disk IS DISTINCT FROM NEW.disk)))
EXECUTE FUNCTION note_event();

CREATE TRIGGER entity_event_deleted AFTER DELETE ON entity FOR EACH ROW WHEN (OLD.listed) EXECUTE FUNCTION note_event();

-- Moves what is committed into the log; how much it was. Whoever comes while another is at it has nothing to do. The lock ends with the transaction, once that is visible.
CREATE FUNCTION publish_events(most integer) RETURNS bigint LANGUAGE plpgsql AS $f$
DECLARE
    moved bigint;
    newest bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7281028) THEN
        RETURN 0;
    END IF;
    WITH taken AS (DELETE FROM event_outbox WHERE id IN (SELECT id FROM event_outbox ORDER BY id LIMIT most) RETURNING *),
    placed AS (
        INSERT INTO event (at, type, term, kind, entity, project, state, before, title, version)
        SELECT at, type, term, kind, entity, project, state, before, title, version FROM taken ORDER BY id
        RETURNING position)
    SELECT count(*), max(position) INTO moved, newest FROM placed;
    IF moved > 0 THEN
        PERFORM pg_notify('event', newest::text);
    END IF;
    RETURN moved;
END
$f$;

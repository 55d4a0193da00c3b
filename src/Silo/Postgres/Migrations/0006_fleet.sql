-- What placements ask of hosts beside their size, extracted from the payload like the other columns, but for hosts only and by a trigger: in the same statement, and
-- whichever release of the write query runs.
ALTER TABLE entity ADD COLUMN facts jsonb;

CREATE FUNCTION take_host_facts() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    NEW.facts := convert_from(NEW.payload, 'UTF8')::jsonb #> '{index,facts}';
    RETURN NEW;
END
$f$;

CREATE TRIGGER entity_host_written BEFORE INSERT OR UPDATE ON entity
FOR EACH ROW WHEN (NEW.state_name = 'host') EXECUTE FUNCTION take_host_facts();

-- Zones are mixins: whoever listens on the channel "model" hears of it when there is another one, or one less. See docs/decisions/0006.
CREATE FUNCTION tell_zone_change() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP = 'INSERT' OR TG_OP = 'DELETE' OR OLD.facts ->> 'zone' IS DISTINCT FROM NEW.facts ->> 'zone' THEN
        PERFORM pg_notify('model', 'zone');
    END IF;
    RETURN NULL;
END
$f$;

CREATE TRIGGER entity_zone_written AFTER INSERT OR UPDATE ON entity
FOR EACH ROW WHEN (NEW.state_name = 'host') EXECUTE FUNCTION tell_zone_change();

CREATE TRIGGER entity_zone_deleted AFTER DELETE ON entity
FOR EACH ROW WHEN (OLD.state_name = 'host') EXECUTE FUNCTION tell_zone_change();

-- Hosts are OCCI entities now. A row of the release before has not what a list needs: its grain, which the sweeper wakes, writes it anew.
UPDATE entity SET listed = false, due = now() WHERE state_name = 'host';

-- Group, zone and image of what was placed: other placements ask for them.
ALTER TABLE host_claim ADD COLUMN placement_group text, ADD COLUMN zone text, ADD COLUMN image text;

-- The last decisions about each consumer: why it is where it is, and why it was refused another place, or any. Refusals are kept for a while.
CREATE TABLE placement_decision (
    consumer uuid NOT NULL,
    placed boolean NOT NULL,
    term text NOT NULL,
    project uuid NOT NULL,
    host uuid,
    outcome text NOT NULL,
    why text,
    detail jsonb NOT NULL,
    decided timestamptz NOT NULL,
    PRIMARY KEY (consumer, placed)
);
CREATE INDEX placement_decision_refused ON placement_decision (decided) WHERE NOT placed;

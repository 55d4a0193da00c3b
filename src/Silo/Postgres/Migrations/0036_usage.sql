-- Quotas of networks and addresses, and what each project has used, when.

-- Whose an address is: asked for when a quota of addresses is. Whoever does not say it (a silo of the release before) has it looked up.
ALTER TABLE address_claim ADD COLUMN project uuid;
CREATE INDEX address_claim_by_project ON address_claim (project);

CREATE FUNCTION take_address_project() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF NEW.project IS NULL THEN
        NEW.project := (SELECT project FROM entity WHERE entity_id IN (NEW.link, NEW.consumer) AND project IS NOT NULL LIMIT 1);
    END IF;
    RETURN NEW;
END
$f$;

CREATE TRIGGER address_claim_project BEFORE INSERT ON address_claim FOR EACH ROW EXECUTE FUNCTION take_address_project();

UPDATE address_claim a SET project = (SELECT e.project FROM entity e WHERE e.entity_id IN (a.link, a.consumer) AND e.project IS NOT NULL LIMIT 1);

-- A network is counted from here until it has its row, which is moments later: a claim that came to nothing counts no more after a while.
CREATE TABLE network_claim (
    network uuid PRIMARY KEY,
    project uuid NOT NULL,
    claimed timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX network_claim_by_project ON network_claim (project);

-- What is used now, since when; and what was, from when to when, which never changes again.
CREATE TABLE usage_open (
    entity uuid NOT NULL,
    what text NOT NULL,          -- computes, cores, memoryBytes, volumes, diskBytes, networks, addresses
    project uuid NOT NULL,
    quantity bigint NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (entity, what)
);
CREATE INDEX usage_open_by_project ON usage_open (project);

CREATE TABLE usage_interval (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity uuid NOT NULL,
    project uuid NOT NULL,
    what text NOT NULL,
    quantity bigint NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX usage_interval_by_project ON usage_interval (project, until);
CREATE INDEX usage_interval_by_end ON usage_interval (until);

CREATE FUNCTION keep_usage() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    RAISE EXCEPTION 'Usage is append-only: % is not possible.', TG_OP;
END
$f$;

CREATE TRIGGER usage_stays BEFORE UPDATE OR DELETE ON usage_interval FOR EACH ROW EXECUTE FUNCTION keep_usage();
CREATE TRIGGER usage_stays_whole BEFORE TRUNCATE ON usage_interval FOR EACH STATEMENT EXECUTE FUNCTION keep_usage();

-- From now on an entity uses so much of something (0: nothing): what was until now is an interval.
CREATE FUNCTION note_usage(about uuid, whose uuid, kind text, amount bigint) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    present usage_open;
    moment timestamptz;
BEGIN
    SELECT * INTO present FROM usage_open WHERE entity = about AND what = kind FOR UPDATE;
    IF present.entity IS NULL THEN
        IF amount > 0 AND whose IS NOT NULL THEN
            INSERT INTO usage_open (entity, what, project, quantity, since) VALUES (about, kind, whose, amount, clock_timestamp());
        END IF;
        RETURN;
    END IF;
    IF present.quantity = amount AND present.project = coalesce(whose, present.project) THEN
        RETURN;
    END IF;
    moment := greatest(clock_timestamp(), present.since);
    IF moment > present.since THEN
        INSERT INTO usage_interval (entity, project, what, quantity, since, until) VALUES (about, present.project, kind, present.quantity, present.since, moment);
    END IF;
    IF amount > 0 THEN
        UPDATE usage_open SET quantity = amount, project = coalesce(whose, project), since = moment WHERE entity = about AND what = kind;
    ELSE
        DELETE FROM usage_open WHERE entity = about AND what = kind;
    END IF;
END
$f$;

-- What a machine or volume has claimed, wherever: one that is placed twice while it moves is one. Two who change the claims of one do it one after the other.
CREATE FUNCTION recount_usage(about uuid) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    kind text;
    whose uuid;
    all_cores bigint;
    all_memory bigint;
    all_disk bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('usage ' || about, 0));
    SELECT max(term), (array_agg(project))[1], coalesce(max(cores), 0), coalesce(max(memory), 0), coalesce(max(disk), 0) INTO kind, whose, all_cores, all_memory, all_disk
    FROM host_claim WHERE consumer = about AND term IN ('compute', 'storage');
    SELECT all_disk + coalesce(max(disk), 0), coalesce(whose, (array_agg(project))[1]) INTO all_disk, whose FROM pool_claim WHERE consumer = about;
    PERFORM note_usage(about, whose, 'computes', CASE kind WHEN 'compute' THEN 1 ELSE 0 END),
        note_usage(about, whose, 'cores', all_cores), note_usage(about, whose, 'memoryBytes', all_memory),
        note_usage(about, whose, 'volumes', CASE kind WHEN 'storage' THEN 1 ELSE 0 END), note_usage(about, whose, 'diskBytes', all_disk);
END
$f$;

CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    PERFORM recount_usage(CASE TG_OP WHEN 'DELETE' THEN OLD.consumer ELSE NEW.consumer END);
    RETURN NULL;
END
$f$;

CREATE TRIGGER host_claim_made AFTER INSERT ON host_claim FOR EACH ROW WHEN (NEW.term IN ('compute', 'storage')) EXECUTE FUNCTION note_claim();
CREATE TRIGGER host_claim_gone AFTER DELETE ON host_claim FOR EACH ROW WHEN (OLD.term IN ('compute', 'storage')) EXECUTE FUNCTION note_claim();
CREATE TRIGGER host_claim_changed AFTER UPDATE ON host_claim FOR EACH ROW
WHEN (OLD.cores <> NEW.cores OR OLD.memory <> NEW.memory OR OLD.disk <> NEW.disk OR OLD.project <> NEW.project) EXECUTE FUNCTION note_claim();
CREATE TRIGGER pool_claim_made AFTER INSERT OR DELETE ON pool_claim FOR EACH ROW EXECUTE FUNCTION note_claim();
CREATE TRIGGER pool_claim_changed AFTER UPDATE ON pool_claim FOR EACH ROW WHEN (OLD.disk <> NEW.disk OR OLD.project <> NEW.project) EXECUTE FUNCTION note_claim();

CREATE FUNCTION note_address() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM note_usage(NEW.link, NEW.project, 'addresses', 1);
    ELSE
        PERFORM note_usage(OLD.link, OLD.project, 'addresses', 0);
    END IF;
    RETURN NULL;
END
$f$;

CREATE TRIGGER address_claim_used AFTER INSERT OR DELETE ON address_claim FOR EACH ROW EXECUTE FUNCTION note_address();

CREATE FUNCTION note_network() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM note_usage(NEW.entity_id, NEW.project, 'networks', 1);
    ELSE
        PERFORM note_usage(OLD.entity_id, OLD.project, 'networks', 0);
    END IF;
    RETURN NULL;
END
$f$;

CREATE TRIGGER entity_network_made AFTER INSERT ON entity FOR EACH ROW WHEN (NEW.state_name = 'network' AND NEW.entity_id IS NOT NULL) EXECUTE FUNCTION note_network();
CREATE TRIGGER entity_network_gone AFTER DELETE ON entity FOR EACH ROW WHEN (OLD.state_name = 'network' AND OLD.entity_id IS NOT NULL) EXECUTE FUNCTION note_network();

-- What was there before counts from now on.
SELECT recount_usage(consumer) FROM (SELECT consumer FROM host_claim WHERE term IN ('compute', 'storage') UNION SELECT consumer FROM pool_claim) c;
SELECT note_usage(link, project, 'addresses', 1) FROM address_claim;
SELECT note_usage(entity_id, project, 'networks', 1) FROM entity WHERE state_name = 'network' AND entity_id IS NOT NULL;

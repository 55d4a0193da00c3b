-- As migration 0036 has it, with one statement where nothing was used before, which is what a placement meets.
CREATE OR REPLACE FUNCTION recount_usage(about uuid) RETURNS void LANGUAGE plpgsql AS $f$
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
    IF EXISTS (SELECT FROM usage_open WHERE entity = about) THEN
        PERFORM note_usage(about, whose, 'computes', CASE kind WHEN 'compute' THEN 1 ELSE 0 END),
            note_usage(about, whose, 'cores', all_cores), note_usage(about, whose, 'memoryBytes', all_memory),
            note_usage(about, whose, 'volumes', CASE kind WHEN 'storage' THEN 1 ELSE 0 END), note_usage(about, whose, 'diskBytes', all_disk);
    ELSIF whose IS NOT NULL THEN
        INSERT INTO usage_open (entity, what, project, quantity, since)
        SELECT about, v.what, whose, v.amount, clock_timestamp()
        FROM (VALUES ('computes', CASE kind WHEN 'compute' THEN 1 ELSE 0 END), ('cores', all_cores), ('memoryBytes', all_memory), ('volumes', CASE kind WHEN 'storage' THEN 1 ELSE 0 END), ('diskBytes', all_disk))
            AS v (what, amount)
        WHERE v.amount > 0;
    END IF;
END
$f$;

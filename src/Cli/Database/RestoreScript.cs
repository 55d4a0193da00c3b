using System.Globalization;

namespace Controller.Cli.Database;

/// <summary>
/// What stands around the archive in a restore. Names are qualified: the archive's own script empties the search path.
/// <para>
/// After it the database knows that it was restored (<c>restored</c>): the new era is larger than any that was there before, or than the clock has given, so what agents were told in the
/// meantime is old. What must not come back does not: what is revoked, deleted or rotated in the database that is replaced stays so (tokens, webhooks and their secrets, certificates of hosts), join
/// tokens and half-done creations of then are void, positions of events are not given twice, and silos and gateways of then are not waited for.
/// </para>
/// </summary>
internal static class RestoreScript
{
    /// <summary>As the migrator has it: no silo changes the schema meanwhile.</summary>
    private const long MigratorsLock = 0x0CC1_5C4E_3A01;

    public static readonly string Before = string.Create(CultureInfo.InvariantCulture, $"""
        BEGIN;
        SET LOCAL lock_timeout = '15s';
        SELECT pg_catalog.pg_advisory_xact_lock({MigratorsLock});
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND application_name IN ('controller-silo', 'controller-api', 'controller-api-listener')) THEN
                RAISE EXCEPTION 'silos or APIs are connected to the database: stop all of them first';
            END IF;
        END $$;
        -- Seconds since 2025: they fit into the 31 bits that an era has, until 2093.
        CREATE TEMPORARY TABLE restore_era ON COMMIT DROP AS SELECT extract(epoch FROM clock_timestamp())::bigint - 1735689600 AS era;
        CREATE TEMPORARY TABLE restore_revoked (id text, revoked jsonb) ON COMMIT DROP;
        CREATE TEMPORARY TABLE restore_hosts (id text, since jsonb) ON COMMIT DROP;
        CREATE TEMPORARY TABLE restore_webhooks (id uuid, secret text, old_secret text, old_secret_until timestamptz) ON COMMIT DROP;
        CREATE TEMPORARY TABLE restore_known (id text) ON COMMIT DROP;
        CREATE TEMPORARY TABLE restore_before (taken timestamptz, at timestamptz) ON COMMIT DROP;
        CREATE TEMPORARY TABLE restore_position ON COMMIT DROP AS SELECT 0::bigint AS position;
        DO $$ BEGIN
            IF to_regclass('public.restored') IS NOT NULL THEN
                UPDATE restore_era SET era = greatest(era, (SELECT coalesce(max(r.era), 0) + 1 FROM public.restored r));
                INSERT INTO restore_before SELECT taken, at FROM public.restored;
            END IF;
            IF to_regclass('public.entity') IS NOT NULL THEN
                INSERT INTO restore_revoked SELECT id, convert_from(payload, 'UTF8')::jsonb #> '{"{record,revoked}"}' FROM public.entity
                    WHERE state_name = 'token' AND convert_from(payload, 'UTF8')::jsonb #>> '{"{record,revoked}"}' IS NOT NULL;
                INSERT INTO restore_hosts SELECT id, convert_from(payload, 'UTF8')::jsonb #> '{"{record,certificatesSince}"}' FROM public.entity WHERE state_name = 'host';
                INSERT INTO restore_known SELECT id FROM public.entity WHERE state_name IN ('host', 'compute', 'storage', 'network');
            END IF;
            IF to_regclass('public.webhook') IS NOT NULL THEN
                INSERT INTO restore_webhooks SELECT id, secret, old_secret, old_secret_until FROM public.webhook;
                INSERT INTO restore_known SELECT id::text FROM public.webhook;
            END IF;
            IF to_regclass('public.event') IS NOT NULL THEN
                UPDATE restore_position SET position = greatest((SELECT max(position) FROM public.event), (SELECT position FROM public.event_pruned), 0);
            END IF;
        END $$;
        DROP SCHEMA public CASCADE;

        """);

    /// <summary><paramref name="taken"/>: when the backup was made.</summary>
    public static string After(DateTimeOffset taken) => $"""

        -- The archive has emptied it, and what follows calls triggers, whose names are not qualified.
        SELECT pg_catalog.set_config('search_path', 'public', true);
        CREATE TABLE IF NOT EXISTS public.restored (era bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), taken timestamptz NOT NULL);
        SET LOCAL client_min_messages = notice;   -- the archive has silenced them
        DELETE FROM public.entity WHERE state_name = 'join';
        DELETE FROM public.entity WHERE state_name = 'creation' AND pg_catalog.convert_from(payload, 'UTF8')::jsonb #>> '{"{record,phase}"}' IS DISTINCT FROM '2';
        DELETE FROM public.orleansmembershiptable;
        DELETE FROM public.orleansmembershipversiontable;
        DELETE FROM public.gateway;
        WITH again AS (
            UPDATE public.entity e SET version = e.version + 1, payload = pg_catalog.convert_to(pg_catalog.jsonb_set(pg_catalog.jsonb_set(
                pg_catalog.convert_from(e.payload, 'UTF8')::jsonb, '{"{record,revoked}"}', r.revoked), '{"{view,revoked}"}', r.revoked)::text, 'UTF8')
            FROM pg_temp.restore_revoked r
            WHERE e.state_name = 'token' AND e.id = r.id AND pg_catalog.convert_from(e.payload, 'UTF8')::jsonb #>> '{"{record,revoked}"}' IS NULL
            RETURNING e.id)
        SELECT count(*) FROM again;
        -- Certificates that were replaced since are of no use again.
        WITH newer AS (
            UPDATE public.entity e SET version = e.version + 1, payload = pg_catalog.convert_to(pg_catalog.jsonb_set(
                pg_catalog.convert_from(e.payload, 'UTF8')::jsonb, '{"{record,certificatesSince}"}', h.since)::text, 'UTF8')
            FROM pg_temp.restore_hosts h
            WHERE e.state_name = 'host' AND e.id = h.id AND pg_catalog.jsonb_typeof(h.since) = 'string'
                AND (h.since #>> '{"{}"}')::timestamptz > coalesce((pg_catalog.convert_from(e.payload, 'UTF8')::jsonb #>> '{"{record,certificatesSince}"}')::timestamptz, '-infinity')
            RETURNING e.id)
        SELECT count(*) FROM newer;
        DO $$ DECLARE
            h record;
            -- One that was itself set back to before this backup does not know what came to be until then.
            knows boolean := NOT EXISTS (SELECT FROM pg_temp.restore_before b WHERE b.taken < '{Sql(taken)}' AND b.at >= '{Sql(taken)}');
        BEGIN
            -- Of another cloud, or a new one, it is not known what was removed.
            IF knows AND EXISTS (SELECT FROM pg_temp.restore_known k WHERE k.id IN (SELECT e.id FROM public.entity e)) AND EXISTS (SELECT FROM pg_temp.restore_hosts) THEN
                FOR h IN SELECT e.id, e.title, e.entity_id FROM public.entity e WHERE e.state_name = 'host' AND e.id NOT IN (SELECT id FROM pg_temp.restore_hosts) LOOP
                    UPDATE public.entity e SET version = e.version + 1, payload = convert_to(jsonb_set(
                        convert_from(e.payload, 'UTF8')::jsonb, '{"{record,certificatesSince}"}', to_jsonb(clock_timestamp()))::text, 'UTF8')
                    WHERE e.state_name = 'host' AND e.id = h.id;
                    RAISE NOTICE 'host % (%) was removed after the backup: its certificates are of no use, remove it once more', h.title, h.entity_id;
                END LOOP;
                FOR h IN SELECT o.id FROM pg_temp.restore_hosts o WHERE o.id NOT IN (SELECT e.id FROM public.entity e WHERE e.state_name = 'host') LOOP
                    RAISE NOTICE '% joined after the backup and is not known any more: it has to join again, with a new token', h.id;
                END LOOP;
            END IF;
            IF to_regclass('public.webhook') IS NOT NULL THEN
                UPDATE public.webhook w SET secret = r.secret, old_secret = r.old_secret, old_secret_until = r.old_secret_until FROM pg_temp.restore_webhooks r WHERE w.id = r.id;
                IF knows AND EXISTS (SELECT FROM pg_temp.restore_known k WHERE k.id IN (SELECT e.id FROM public.entity e UNION ALL SELECT w.id::text FROM public.webhook w)) THEN
                    FOR h IN DELETE FROM public.webhook w WHERE w.id NOT IN (SELECT r.id FROM pg_temp.restore_webhooks r) RETURNING w.id LOOP
                        RAISE NOTICE 'webhook % was deleted after the backup, and stays so', h.id;
                    END LOOP;
                END IF;
            END IF;
            -- No position is given twice: who has read up to one of those that are gone hears so. A thousand events a second since 2025 are more than there were, whatever was replaced.
            IF to_regclass('public.event') IS NOT NULL THEN
                UPDATE public.event_pruned SET position = greatest(
                    position, (SELECT max(e.position) FROM public.event e), (SELECT o.position FROM pg_temp.restore_position o), (SELECT 1000 * o.era FROM pg_temp.restore_era o)) + 1;
                PERFORM setval(pg_get_serial_sequence('public.event', 'position'), (SELECT position FROM public.event_pruned));
            END IF;
        END $$;
        INSERT INTO public.restored (era, at, taken)
            SELECT greatest((SELECT era FROM pg_temp.restore_era), (SELECT coalesce(max(r.era), 0) + 1 FROM public.restored r)), clock_timestamp(), '{Sql(taken)}';
        COMMIT;

        """;

    private static string Sql(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss+00", CultureInfo.InvariantCulture);
}

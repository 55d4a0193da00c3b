using System.Globalization;

namespace Controller.Cli.Database;

/// <summary>
/// What stands around the archive in a restore. Names are qualified: the archive's own script empties the search path.
/// <para>
/// After it the database knows that it was restored (<c>restored</c>): the new era is larger than any that was there before, or than the clock has given, so what agents were told in the
/// meantime is old. What must not come back does not: what is revoked in the database that is replaced stays revoked, join tokens and half-done creations of then are void, and silos and
/// gateways of then are not waited for.
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
        CREATE TEMPORARY TABLE restore_hosts (id text) ON COMMIT DROP;
        DO $$ BEGIN
            IF to_regclass('public.restored') IS NOT NULL THEN
                UPDATE restore_era SET era = greatest(era, (SELECT coalesce(max(r.era), 0) + 1 FROM public.restored r));
            END IF;
            IF to_regclass('public.entity') IS NOT NULL THEN
                INSERT INTO restore_revoked SELECT id, convert_from(payload, 'UTF8')::jsonb #> '{"{record,revoked}"}' FROM public.entity
                    WHERE state_name = 'token' AND convert_from(payload, 'UTF8')::jsonb #>> '{"{record,revoked}"}' IS NOT NULL;
                INSERT INTO restore_hosts SELECT id FROM public.entity WHERE state_name = 'host';
            END IF;
        END $$;
        DROP SCHEMA public CASCADE;

        """);

    /// <summary><paramref name="taken"/>: when the backup was made.</summary>
    public static string After(DateTimeOffset taken) => $"""

        -- The archive has emptied it, and what follows calls triggers, whose names are not qualified.
        SELECT pg_catalog.set_config('search_path', 'public', true);
        CREATE TABLE IF NOT EXISTS public.restored (era bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), taken timestamptz NOT NULL);
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
        DO $$ DECLARE h record; BEGIN
            IF EXISTS (SELECT FROM pg_temp.restore_hosts) THEN
                FOR h IN SELECT e.title, e.entity_id FROM public.entity e WHERE e.state_name = 'host' AND e.id NOT IN (SELECT id FROM pg_temp.restore_hosts) LOOP
                    RAISE NOTICE 'host % (%) was removed after the backup, and is let in again: remove it once more', h.title, h.entity_id;
                END LOOP;
                FOR h IN SELECT o.id FROM pg_temp.restore_hosts o WHERE o.id NOT IN (SELECT e.id FROM public.entity e WHERE e.state_name = 'host') LOOP
                    RAISE NOTICE '% joined after the backup and is not known any more: it has to join again, with a new token', h.id;
                END LOOP;
            END IF;
        END $$;
        INSERT INTO public.restored (era, at, taken)
            SELECT greatest((SELECT era FROM pg_temp.restore_era), (SELECT coalesce(max(r.era), 0) + 1 FROM public.restored r)), clock_timestamp(), '{taken.UtcDateTime:yyyy-MM-dd HH:mm:ss}+00';
        COMMIT;

        """;
}

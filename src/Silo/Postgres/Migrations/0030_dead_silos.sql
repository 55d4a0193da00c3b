-- A silo that the cluster has declared dead writes nothing any more, whatever it believes: it may have been frozen in mid-step, and wake when another has taken over, done the step again and more.
-- Versions refuse what it would write over something; this refuses also what it would write where there is nothing any more, which no version can: a machine that was deleted meanwhile.
-- Each silo says on its connections who it is (controller.silo: cluster, address, port, generation). Who says nothing is no silo, or one of a release before this: not asked about.

CREATE FUNCTION refuse_the_dead() RETURNS trigger LANGUAGE plpgsql AS $f$
DECLARE
    silo text := current_setting('controller.silo', true);
BEGIN
    IF silo <> '' AND EXISTS (
        SELECT FROM OrleansMembershipTable WHERE DeploymentId = split_part(silo, ' ', 1) AND Address = split_part(silo, ' ', 2)
            AND Port = split_part(silo, ' ', 3)::integer AND Generation = split_part(silo, ' ', 4)::integer AND Status = 6)
    THEN
        RAISE EXCEPTION 'The silo % was declared dead: it writes nothing any more.', silo USING ERRCODE = 'OCDED';
    END IF;
    RETURN NULL;
END $f$;

-- Once for each statement, before it.
DO $$
DECLARE
    written text;
BEGIN
    FOREACH written IN ARRAY ARRAY['entity', 'host_claim', 'pool_claim', 'address_claim', 'subnet_claim', 'subnet6_claim', 'vni_claim'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_the_dead()', written || '_not_by_the_dead', written);
    END LOOP;
END $$;

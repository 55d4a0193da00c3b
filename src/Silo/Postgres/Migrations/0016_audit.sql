-- Who did what to which entity, or tried to: a row for each entity that a request touched. Written by APIs before they answer; see docs/decisions/0014.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    principal text,                -- null: nobody was authenticated
    project uuid,                  -- the principal's
    role text,
    owner uuid,                    -- the project of the entity; where none is known, the principal's
    method text NOT NULL,
    path text NOT NULL,
    action text,
    kind text,
    entity uuid,
    status smallint NOT NULL,
    result text NOT NULL,          -- "ok", or the refusal's name (docs/errors.md)
    address inet,
    user_agent text,
    request text,
    trace text,
    api text NOT NULL,             -- the process that wrote it
    times integer NOT NULL DEFAULT 1
);
CREATE INDEX audit_by_entity ON audit (entity, id) WHERE entity IS NOT NULL;
CREATE INDEX audit_by_owner ON audit (owner, id);
CREATE INDEX audit_by_project ON audit (project, id);
CREATE INDEX audit_by_principal ON audit (principal, id);
CREATE INDEX audit_by_time ON audit USING brin (at);

-- Append-only. Only what is a month old may be thrown away (Audit:KeepFor says when it is).
CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: % is not possible.', TG_OP;
END
$f$;

CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION keep_audit();
CREATE TRIGGER audit_stays_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();

-- Whoever listens on the channel "model" hears which part of the model has changed: "image", or "usermixins/PROJECT". See docs/decisions/0005.

CREATE FUNCTION tell_model_change() RETURNS trigger LANGUAGE plpgsql AS $f$
DECLARE
    changed entity;
BEGIN
    changed := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    PERFORM pg_notify('model', changed.state_name || coalesce('/' || changed.project, ''));
    RETURN NULL;
END
$f$;

CREATE TRIGGER entity_model_written AFTER INSERT OR UPDATE ON entity
FOR EACH ROW WHEN (NEW.state_name IN ('image', 'usermixins')) EXECUTE FUNCTION tell_model_change();

CREATE TRIGGER entity_model_deleted AFTER DELETE ON entity
FOR EACH ROW WHEN (OLD.state_name IN ('image', 'usermixins')) EXECUTE FUNCTION tell_model_change();

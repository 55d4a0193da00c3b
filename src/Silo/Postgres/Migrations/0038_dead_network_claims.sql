-- Networks' claims are written by silos, too: one that was declared dead writes none (docs/decisions/0030).
CREATE TRIGGER network_claim_not_by_the_dead BEFORE INSERT OR UPDATE OR DELETE ON network_claim FOR EACH STATEMENT EXECUTE FUNCTION refuse_the_dead();

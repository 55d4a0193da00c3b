-- Which addresses of a subnet are given out; null: all but the gateway. A network of the world outside has routers and machines that are somebody else's.
ALTER TABLE subnet_claim ADD COLUMN given_from inet, ADD COLUMN given_to inet;

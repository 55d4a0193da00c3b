-- Addresses are given out in turn: a machine that had one may have gone without a word, and its network's DHCP servers keep its lease for a while.
ALTER TABLE subnet_claim ADD COLUMN last_given inet;

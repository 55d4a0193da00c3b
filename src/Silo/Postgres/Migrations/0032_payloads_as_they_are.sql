-- A machine's record has about two kilobytes: just so much that PostgreSQL packs it, in every write, and unpacks it in every read of a list. Up to four it lies in its row as it is, and what
-- is larger is packed by a method that costs a tenth. Rows that are there stay as they are until they are written the next time.
ALTER TABLE entity SET (toast_tuple_target = 4080);

DO $$
BEGIN
    ALTER TABLE entity ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'This PostgreSQL was built without lz4: large payloads are packed as before.';
END $$;

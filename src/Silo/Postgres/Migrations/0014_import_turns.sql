-- Which process fetches which image, until when. Its holder renews it; whoever finds it over takes it. Nothing is lost with it: an import that two fetch ends once.
CREATE UNLOGGED TABLE import_turn (
    term text PRIMARY KEY,
    holder uuid NOT NULL,
    until timestamptz NOT NULL
);

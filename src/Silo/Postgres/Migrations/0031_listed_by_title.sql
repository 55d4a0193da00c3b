-- Entities of one title: what people look for. A title seldom changes, so that nearly all updates stay HOT.
CREATE INDEX entity_by_title ON entity (state_name, title, seq) WHERE title IS NOT NULL;

-- Seals of the journal's rows, each over its row and the seal before (hub/store/seal.py). What stands
-- here already is sealed as it is found, by hub/store/chain.py.

ALTER TABLE journal ADD COLUMN seal BLOB NOT NULL DEFAULT x'';

-- What was not understood is kept sealed, `payload`, `reason` and `sample` under the key of its day
-- (hub/store/day_key.py, docs/adr/0019). What stands here already is sealed by hub/store/leftover.py.

ALTER TABLE quarantine RENAME TO old_quarantine;

-- `id` is what a person names who wants to look at the bytes; `size` is their number.
CREATE TABLE quarantine (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      REAL NOT NULL,
    link    TEXT NOT NULL,
    address TEXT NOT NULL,
    tie     INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    payload BLOB NOT NULL,
    reason  BLOB NOT NULL,
    UNIQUE (at, link, address, tie)
);

-- Events are deleted by what they are about, which their names say (hub/store/concern.py).
CREATE INDEX event_by_name ON event (name, at);

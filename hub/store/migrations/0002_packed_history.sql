-- Readings by commit, then by device and hour, instead of a row for each (docs/adr/0007).
-- What stands in the old tables is moved by hub/store/first_schema.py.

ALTER TABLE reading RENAME TO old_reading;
ALTER TABLE point RENAME TO old_point;

-- What a commit took in: MessagePack of [[[uid, place, report] …], cursors, presence, states]. A row
-- leaves once `chunk` holds its readings (meta 'sorted_through') and `point`, `cursor`, `heard` and
-- `state` hold the rest (meta 'checkpoint').
CREATE TABLE intake (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    count INTEGER NOT NULL,
    first REAL,
    last  REAL,
    body  BLOB NOT NULL
);

-- What was said in a clock hour (epoch / 3600): parts as they came, each written in one go at the
-- end of the table, devices in groups ('#' and a number for `uid`); or, once the hour is over, part 0
-- with a row for each device, in columns (hub/store/chunk.py).
CREATE TABLE chunk (
    hour  INTEGER NOT NULL,
    part  INTEGER NOT NULL,
    uid   TEXT NOT NULL,
    count INTEGER NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (hour, part, uid)
) WITHOUT ROWID;

-- Which parts there are, and how many messages each holds.
CREATE TABLE part (
    hour  INTEGER NOT NULL,
    part  INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (hour, part)
) WITHOUT ROWID;

-- The latest value of each point; `body` is MessagePack of [value, quality].
CREATE TABLE point (
    uid      TEXT NOT NULL,
    point    TEXT NOT NULL,
    at       REAL NOT NULL,
    received REAL NOT NULL,
    boot     TEXT NOT NULL,
    seq      INTEGER,
    body     BLOB NOT NULL,
    PRIMARY KEY (uid, point)
) WITHOUT ROWID;

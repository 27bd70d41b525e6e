-- The first schema. Plain SQL: PostgreSQL serves a district behind the same port.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- History. A series is one point of one device; the numbers are given by the writer.
CREATE TABLE series (
    id    INTEGER PRIMARY KEY,
    uid   TEXT NOT NULL,
    point TEXT NOT NULL,
    UNIQUE (uid, point)
);

CREATE TABLE boot (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- `tie` is the message's number, or its place among those of the same instant (bit 32 of `code`
-- says which); `received` is NULL where it equals `at`. Other bits of `code`: hub/store/value.py.
-- No foreign keys here and on points: looking them up takes as long as writing the row.
CREATE TABLE reading (
    series   INTEGER NOT NULL,
    at       REAL NOT NULL,
    boot     INTEGER NOT NULL,
    tie      INTEGER NOT NULL,
    received REAL,
    code     INTEGER NOT NULL,
    num      REAL,
    txt      TEXT,
    PRIMARY KEY (series, at, boot, tie)
) WITHOUT ROWID;

CREATE TABLE point (
    series   INTEGER PRIMARY KEY,
    at       REAL NOT NULL,
    boot     INTEGER NOT NULL,
    tie      INTEGER NOT NULL,
    received REAL,
    code     INTEGER NOT NULL,
    num      REAL,
    txt      TEXT
);

CREATE TABLE event (
    uid      TEXT NOT NULL,
    at       REAL NOT NULL,
    name     TEXT NOT NULL,
    boot     TEXT NOT NULL,
    tie      INTEGER NOT NULL,
    numbered INTEGER NOT NULL,
    received REAL NOT NULL,
    body     BLOB NOT NULL,
    PRIMARY KEY (uid, at, name, boot, tie)
) WITHOUT ROWID;
CREATE INDEX event_by_time ON event (at);

-- What was taken, and who is heard.
CREATE TABLE cursor (
    uid   TEXT NOT NULL,
    topic TEXT NOT NULL,
    boot  TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    gaps  BLOB NOT NULL,
    at    REAL NOT NULL,
    PRIMARY KEY (uid, topic, boot)
) WITHOUT ROWID;

CREATE TABLE digest (
    uid    TEXT NOT NULL,
    digest TEXT NOT NULL,
    at     REAL NOT NULL,
    PRIMARY KEY (uid, digest)
) WITHOUT ROWID;
CREATE INDEX digest_by_age ON digest (at);

CREATE TABLE heard (
    uid   TEXT PRIMARY KEY,
    at    REAL NOT NULL,
    state TEXT NOT NULL,
    boot  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE state (
    key  TEXT PRIMARY KEY,
    data BLOB NOT NULL
) WITHOUT ROWID;

-- The books: a key, what queries need, and the whole thing as JSON.
CREATE TABLE alarm (
    id        TEXT PRIMARY KEY,
    raised_at REAL NOT NULL,
    ended     INTEGER NOT NULL,
    body      BLOB NOT NULL
);
CREATE INDEX alarm_by_age ON alarm (raised_at, id);
CREATE INDEX alarm_open ON alarm (ended, raised_at, id);

CREATE TABLE ticket (
    number    TEXT PRIMARY KEY,
    day       TEXT NOT NULL,
    ordinal   INTEGER NOT NULL,
    ended     INTEGER NOT NULL,
    closed_at REAL,
    body      BLOB NOT NULL
);
CREATE INDEX ticket_by_number ON ticket (day, ordinal, number);
CREATE INDEX ticket_open ON ticket (ended, closed_at);

CREATE TABLE command (
    id    TEXT PRIMARY KEY,
    ended INTEGER NOT NULL,
    body  BLOB NOT NULL
);
CREATE INDEX command_open ON command (ended);

CREATE TABLE document (
    collection TEXT NOT NULL,
    key        TEXT NOT NULL,
    body       BLOB NOT NULL,
    at         REAL NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID;

-- Immutable, numbered by the one writer in the order of commits.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY,
    at      REAL NOT NULL,
    type    TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor   TEXT NOT NULL,
    place   TEXT NOT NULL,
    body    BLOB NOT NULL
);

CREATE TABLE feed (
    seq      INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    place    TEXT NOT NULL,
    type     TEXT NOT NULL,
    at       REAL NOT NULL,
    body     BLOB NOT NULL
);

-- What could not be taken; bounded, and each deletion and refusal counted.
CREATE TABLE quarantine (
    at      REAL NOT NULL,
    link    TEXT NOT NULL,
    address TEXT NOT NULL,
    tie     INTEGER NOT NULL,
    payload BLOB NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (at, link, address, tie)
);

CREATE TABLE newcomer (
    link       TEXT NOT NULL,
    address    TEXT NOT NULL,
    first_seen REAL NOT NULL,
    last_seen  REAL NOT NULL,
    count      INTEGER NOT NULL,
    sample     BLOB NOT NULL,
    guess      TEXT NOT NULL,
    PRIMARY KEY (link, address)
) WITHOUT ROWID;

-- `at` is the newest instant that was counted, so that a repeated commit counts nothing twice.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    at    REAL NOT NULL
) WITHOUT ROWID;

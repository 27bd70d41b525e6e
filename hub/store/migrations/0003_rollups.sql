-- Hourly roll-ups (docs/adr/0011): a day of a device in one block (hub/store/rollup.py), `day` being
-- epoch / 86400. An hour's columns count as rolled up once `rolled` is 1; written anew, they do not.

ALTER TABLE part ADD COLUMN rolled INTEGER NOT NULL DEFAULT 0;

-- The longest limit (days) whose points are gone from the hour's columns already; negative: they
-- were, but the columns were written anew, or another retention holds (hub/store/expiry.py).
ALTER TABLE part ADD COLUMN thinned INTEGER NOT NULL DEFAULT 0;

CREATE TABLE rollup (
    day  INTEGER NOT NULL,
    uid  TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (day, uid)
) WITHOUT ROWID;

-- What examinations of this machine found.
CREATE TABLE IF NOT EXISTS examinations (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS findings (
    examination INTEGER NOT NULL REFERENCES examinations (id),
    check_id    TEXT NOT NULL,
    finding     TEXT NOT NULL, -- JSON, as `diagnose --json` prints it
    PRIMARY KEY (check_id, examination)
) STRICT, WITHOUT ROWID;

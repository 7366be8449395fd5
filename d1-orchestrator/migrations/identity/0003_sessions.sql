-- What is remembered of people who sign in, until it ends. No secret is here, only digests.
CREATE TABLE records (
  kind    TEXT NOT NULL,
  key     TEXT NOT NULL,
  owner   TEXT,
  ends    INTEGER NOT NULL,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX records_by_end ON records (ends);
CREATE INDEX records_by_owner ON records (owner, kind, key) WHERE owner IS NOT NULL;

-- Everything a record is found by, its key among it.
CREATE TABLE record_names (
  kind  TEXT NOT NULL,
  name  TEXT NOT NULL,
  place INTEGER NOT NULL,
  key   TEXT NOT NULL,
  PRIMARY KEY (kind, name),
  FOREIGN KEY (kind, key) REFERENCES records (kind, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX record_names_by_key ON record_names (kind, key, place);

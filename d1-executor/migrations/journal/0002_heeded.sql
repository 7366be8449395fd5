-- Signed orders that were heeded, by the digests of their envelopes, until they are no good any
-- more in any case.
CREATE TABLE heeded (
  envelope BLOB NOT NULL PRIMARY KEY CHECK (length(envelope) = 32),
  until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX heeded_until ON heeded (until);

-- Which server drives which setup, by the clock of this database. A lease says nothing of what
-- may be written: that is the version of a setup.
CREATE TABLE lease (
  setup uuid PRIMARY KEY,
  node uuid NOT NULL,
  ends timestamptz NOT NULL
);

CREATE INDEX lease_by_end ON lease (ends);

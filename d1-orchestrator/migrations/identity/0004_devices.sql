-- Whose each device is: the first account that linked it.
CREATE TABLE devices (
  device  TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL
) STRICT, WITHOUT ROWID;

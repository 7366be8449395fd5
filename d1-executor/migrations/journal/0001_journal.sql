-- What a device remembers of its tasks.

-- The highest epoch seen for every setup: 64 bits without a sign, kept in those that have one.
CREATE TABLE epochs (
    setup TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for every task; its latest attempt.
CREATE TABLE tasks (
    -- The order in which the attempts were written down.
    place INTEGER NOT NULL PRIMARY KEY,
    task TEXT NOT NULL UNIQUE,
    attempt INTEGER NOT NULL,
    -- JSON: what was ordered.
    command TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('received', 'started', 'finished', 'forgotten')),
    -- JSON: the phase, with what belongs to it.
    stage TEXT NOT NULL,
    -- Milliseconds since the Unix epoch.
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX tombstones ON tasks (at) WHERE phase = 'forgotten';

-- What tasks wrote, exactly.
CREATE TABLE output (
    task TEXT NOT NULL REFERENCES tasks (task) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    stream TEXT NOT NULL CHECK (stream IN ('stdout', 'stderr', 'note')),
    bytes BLOB NOT NULL,
    PRIMARY KEY (task, attempt, seq)
) STRICT;

-- The receipts that stand. They outlive their tasks, so nothing binds them to one.
CREATE TABLE receipts (
    -- The order in which they were written.
    place INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    task TEXT NOT NULL,
    -- JSON.
    receipt TEXT NOT NULL
) STRICT;

CREATE INDEX receipts_of_task ON receipts (task);

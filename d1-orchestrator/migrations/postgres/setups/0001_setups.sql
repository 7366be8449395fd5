-- What an orchestrator remembers of its setups. A setup and an event are kept as the JSON that
-- they are; what is looked for stands in columns of its own.

CREATE TABLE setup (
  id uuid PRIMARY KEY,
  -- In the order of their making.
  place bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  account uuid NOT NULL,
  device uuid NOT NULL,
  version bigint NOT NULL CHECK (version >= 0),
  is_under_way boolean NOT NULL,
  -- How much news it has told.
  told bigint NOT NULL DEFAULT 0 CHECK (told >= 0),
  body text NOT NULL
);

CREATE INDEX setup_of_account ON setup (account, place);

CREATE INDEX setup_under_way ON setup (place) WHERE is_under_way;

CREATE TABLE request (
  account uuid NOT NULL,
  -- Bytes, because a key may hold what a text may not.
  key bytea NOT NULL,
  setup uuid NOT NULL REFERENCES setup (id),
  plan text NOT NULL,
  device uuid NOT NULL,
  PRIMARY KEY (account, key)
);

CREATE TABLE news (
  setup uuid NOT NULL REFERENCES setup (id),
  seq bigint NOT NULL CHECK (seq > 0),
  at bigint NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (setup, seq)
);

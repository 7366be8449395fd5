-- The keys that orders to devices are signed with, and how often they were changed.
CREATE TABLE order_key_ring (
  one boolean PRIMARY KEY CHECK (one),
  version bigint NOT NULL CHECK (version >= 0)
);

INSERT INTO order_key_ring (one, version) VALUES (true, 0);

CREATE TABLE order_key (
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  stage text NOT NULL CHECK (stage IN ('next', 'active', 'retired')),
  since bigint NOT NULL CHECK (since >= 0),
  secret bytea NOT NULL
);

CREATE UNIQUE INDEX one_key_signs_orders ON order_key (stage) WHERE stage = 'active';

-- Devices heed no older set of keys than they know: a count that went back would leave them alone.
CREATE FUNCTION keep_order_keys_counting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.version <= OLD.version THEN
    RAISE EXCEPTION 'the count of order keys never goes back' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER the_order_keys_count_up BEFORE UPDATE ON order_key_ring
  FOR EACH ROW EXECUTE FUNCTION keep_order_keys_counting();

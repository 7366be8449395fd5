-- The ledger. Whatever writes to this schema: an account cannot be overspent, a lot cannot be
-- negative, and history cannot be changed. Every constraint and trigger has an attack in the tests.

CREATE TABLE account (
  id uuid NOT NULL PRIMARY KEY,
  organisation uuid,
  posted bigint NOT NULL,
  held bigint NOT NULL,
  open_holds bigint NOT NULL,
  entries bigint NOT NULL,
  frozen bigint NOT NULL,
  low_mark bigint NOT NULL,
  is_low bigint NOT NULL,
  seen_at bigint NOT NULL,
  CONSTRAINT account_never_overspends CHECK (posted - held >= 0),
  CONSTRAINT account_holds_are_no_debt CHECK (held >= 0),
  CONSTRAINT account_open_holds CHECK (open_holds BETWEEN 0 AND 10000),
  CONSTRAINT account_low_mark CHECK (low_mark >= 0),
  CONSTRAINT account_organisation FOREIGN KEY (organisation) REFERENCES account (id)
) WITH (fillfactor = 60);

CREATE TABLE lot (
  id uuid NOT NULL PRIMARY KEY,
  account uuid NOT NULL,
  amount bigint NOT NULL,
  free bigint NOT NULL,
  held bigint NOT NULL,
  spent bigint NOT NULL,
  lapsed bigint NOT NULL,
  priority bigint NOT NULL,
  source text NOT NULL,
  from_at bigint NOT NULL,
  until_at bigint,
  CONSTRAINT lot_is_something CHECK (amount > 0),
  CONSTRAINT lot_free CHECK (free >= 0),
  CONSTRAINT lot_held CHECK (held >= 0),
  CONSTRAINT lot_spent CHECK (spent >= 0),
  CONSTRAINT lot_lapsed CHECK (lapsed >= 0),
  CONSTRAINT lot_parts_are_the_whole CHECK (free + held + spent + lapsed = amount),
  CONSTRAINT lot_source CHECK (source IN ('gift', 'paid')),
  CONSTRAINT lot_account FOREIGN KEY (account) REFERENCES account (id)
) WITH (fillfactor = 60);
CREATE INDEX lot_live ON lot (account) WHERE free + held > 0;

CREATE TABLE quote (
  id uuid NOT NULL PRIMARY KEY,
  account uuid NOT NULL,
  price_list text NOT NULL,
  most bigint NOT NULL,
  made_at bigint NOT NULL,
  until_at bigint NOT NULL,
  hold uuid,
  CONSTRAINT quote_most CHECK (most >= 0),
  CONSTRAINT quote_account FOREIGN KEY (account) REFERENCES account (id)
);

CREATE TABLE hold (
  id uuid NOT NULL PRIMARY KEY,
  account uuid NOT NULL,
  organisation uuid,
  amount bigint NOT NULL,
  charged bigint NOT NULL,
  refunded bigint NOT NULL,
  state text NOT NULL,
  task text,
  device uuid,
  quote uuid,
  counted bigint NOT NULL,
  made_at bigint NOT NULL,
  until_at bigint,
  CONSTRAINT hold_charges_no_more_than_it_has CHECK (charged BETWEEN 0 AND amount),
  CONSTRAINT hold_refunds_no_more_than_it_charged CHECK (refunded BETWEEN 0 AND charged),
  CONSTRAINT hold_state CHECK (state IN ('open', 'captured', 'released', 'expired')),
  CONSTRAINT hold_charges_only_when_captured CHECK (state = 'captured' OR charged = 0),
  CONSTRAINT hold_one_per_quote UNIQUE (quote),
  CONSTRAINT hold_quote FOREIGN KEY (quote) REFERENCES quote (id),
  CONSTRAINT hold_account FOREIGN KEY (account) REFERENCES account (id)
) WITH (fillfactor = 60);
CREATE INDEX hold_open ON hold (account, until_at) WHERE state = 'open';
CREATE INDEX hold_of_account ON hold (account);
CREATE INDEX hold_of_organisation ON hold (organisation) WHERE organisation IS NOT NULL;

CREATE TABLE share (
  hold uuid NOT NULL,
  place bigint NOT NULL,
  lot uuid NOT NULL,
  amount bigint NOT NULL,
  charged bigint NOT NULL,
  refunded bigint NOT NULL,
  CONSTRAINT share_key PRIMARY KEY (hold, place),
  CONSTRAINT share_amount CHECK (amount > 0),
  CONSTRAINT share_charges_no_more_than_it_has CHECK (charged BETWEEN 0 AND amount),
  CONSTRAINT share_refunds_no_more_than_it_charged CHECK (refunded BETWEEN 0 AND charged),
  CONSTRAINT share_hold FOREIGN KEY (hold) REFERENCES hold (id),
  CONSTRAINT share_lot FOREIGN KEY (lot) REFERENCES lot (id)
) WITH (fillfactor = 60);

CREATE TABLE entry (
  account uuid NOT NULL,
  seq bigint NOT NULL,
  prev bigint,
  kind text NOT NULL,
  amount bigint NOT NULL,
  before bigint NOT NULL,
  after bigint NOT NULL,
  hold uuid,
  lot uuid,
  at bigint NOT NULL,
  CONSTRAINT entry_key PRIMARY KEY (account, seq),
  CONSTRAINT entry_never_below_zero CHECK (after >= 0),
  CONSTRAINT entry_amount CHECK (amount > 0 OR (kind = 'opened' AND amount = 0)),
  CONSTRAINT entry_adds_up CHECK (CASE kind WHEN 'opened' THEN after = before WHEN 'granted' THEN after = before + amount WHEN 'refunded' THEN after = before + amount WHEN 'charged' THEN after = before - amount WHEN 'lapsed' THEN after = before - amount ELSE false END),
  CONSTRAINT entry_follows CHECK (CASE WHEN prev IS NULL THEN seq = 1 AND before = 0 AND kind = 'opened' ELSE prev = seq - 1 AND kind <> 'opened' END),
  CONSTRAINT entry_of_hold CHECK ((hold IS NOT NULL) = (kind IN ('charged', 'refunded'))),
  CONSTRAINT entry_of_lot CHECK ((lot IS NOT NULL) = (kind IN ('granted', 'lapsed'))),
  CONSTRAINT entry_account FOREIGN KEY (account) REFERENCES account (id),
  CONSTRAINT entry_lot FOREIGN KEY (lot) REFERENCES lot (id)
);
CREATE UNIQUE INDEX entry_place ON entry (account, seq, after);
CREATE UNIQUE INDEX entry_one_charge_per_hold ON entry (hold) WHERE kind = 'charged';
CREATE UNIQUE INDEX entry_one_grant_per_lot ON entry (lot) WHERE kind = 'granted';
CREATE INDEX entry_refunds ON entry (hold) WHERE kind = 'refunded';

CREATE TABLE cap_rule (
  account uuid NOT NULL,
  scope text NOT NULL,
  most bigint,
  CONSTRAINT cap_rule_key PRIMARY KEY (account, scope),
  CONSTRAINT cap_rule_most CHECK (most >= 0),
  CONSTRAINT cap_rule_account FOREIGN KEY (account) REFERENCES account (id)
);

CREATE TABLE cap (
  id text NOT NULL PRIMARY KEY,
  account uuid NOT NULL,
  scope text NOT NULL,
  most bigint NOT NULL,
  used bigint NOT NULL,
  held bigint NOT NULL,
  CONSTRAINT cap_used CHECK (used >= 0),
  CONSTRAINT cap_held CHECK (held >= 0),
  CONSTRAINT cap_is_kept CHECK (used + held <= most),
  CONSTRAINT cap_account FOREIGN KEY (account) REFERENCES account (id)
) WITH (fillfactor = 60);
CREATE INDEX cap_of_account ON cap (account);

CREATE TABLE outcome (
  key uuid NOT NULL PRIMARY KEY,
  fingerprint text NOT NULL,
  reply text NOT NULL,
  at bigint NOT NULL
);

CREATE TABLE event (
  id uuid NOT NULL PRIMARY KEY,
  account uuid NOT NULL,
  available bigint NOT NULL,
  at bigint NOT NULL,
  CONSTRAINT event_account FOREIGN KEY (account) REFERENCES account (id)
);
CREATE INDEX event_order ON event (at, id);

ALTER TABLE account ADD CONSTRAINT account_stands_where_its_history_ends
  FOREIGN KEY (id, entries, posted) REFERENCES entry (account, seq, after)
  DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE entry ADD CONSTRAINT entry_begins_where_the_last_one_ended
  FOREIGN KEY (account, prev, before) REFERENCES entry (account, seq, after);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME; END $$;

CREATE TRIGGER account_stays BEFORE DELETE ON account FOR EACH ROW
EXECUTE FUNCTION refuse();

CREATE TRIGGER account_keeps_its_name BEFORE UPDATE ON account FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id)
EXECUTE FUNCTION refuse();

CREATE TRIGGER lot_stays BEFORE DELETE ON lot FOR EACH ROW
EXECUTE FUNCTION refuse();

CREATE TRIGGER lot_keeps_its_terms BEFORE UPDATE ON lot FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.account IS DISTINCT FROM OLD.account OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.priority IS DISTINCT FROM OLD.priority OR NEW.source IS DISTINCT FROM OLD.source OR NEW.from_at IS DISTINCT FROM OLD.from_at OR NEW.until_at IS DISTINCT FROM OLD.until_at)
EXECUTE FUNCTION refuse();

CREATE TRIGGER quote_stays BEFORE DELETE ON quote FOR EACH ROW
EXECUTE FUNCTION refuse();

CREATE TRIGGER quote_binds BEFORE UPDATE ON quote FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.account IS DISTINCT FROM OLD.account OR NEW.price_list IS DISTINCT FROM OLD.price_list OR NEW.most IS DISTINCT FROM OLD.most OR NEW.made_at IS DISTINCT FROM OLD.made_at OR NEW.until_at IS DISTINCT FROM OLD.until_at OR OLD.hold IS NOT NULL)
EXECUTE FUNCTION refuse();

CREATE TRIGGER hold_stays BEFORE DELETE ON hold FOR EACH ROW
EXECUTE FUNCTION refuse();

CREATE TRIGGER hold_keeps_its_terms BEFORE UPDATE ON hold FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.account IS DISTINCT FROM OLD.account OR NEW.organisation IS DISTINCT FROM OLD.organisation OR NEW.task IS DISTINCT FROM OLD.task OR NEW.device IS DISTINCT FROM OLD.device OR NEW.quote IS DISTINCT FROM OLD.quote OR NEW.counted IS DISTINCT FROM OLD.counted OR NEW.made_at IS DISTINCT FROM OLD.made_at OR NEW.amount < OLD.amount)
EXECUTE FUNCTION refuse();

CREATE TRIGGER hold_ends_once BEFORE UPDATE ON hold FOR EACH ROW
WHEN (OLD.state <> 'open' AND (NEW.amount IS DISTINCT FROM OLD.amount OR NEW.charged IS DISTINCT FROM OLD.charged OR NEW.state IS DISTINCT FROM OLD.state OR NEW.until_at IS DISTINCT FROM OLD.until_at))
EXECUTE FUNCTION refuse();

CREATE TRIGGER hold_refunds_stay BEFORE UPDATE ON hold FOR EACH ROW
WHEN (NEW.refunded < OLD.refunded)
EXECUTE FUNCTION refuse();

CREATE TRIGGER share_stays BEFORE DELETE ON share FOR EACH ROW
EXECUTE FUNCTION refuse();

CREATE TRIGGER share_keeps_its_terms BEFORE UPDATE ON share FOR EACH ROW
WHEN (NEW.hold IS DISTINCT FROM OLD.hold OR NEW.place IS DISTINCT FROM OLD.place OR NEW.lot IS DISTINCT FROM OLD.lot OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.charged < OLD.charged OR NEW.refunded < OLD.refunded)
EXECUTE FUNCTION refuse();

CREATE TRIGGER entry_stays BEFORE DELETE ON entry FOR EACH ROW
EXECUTE FUNCTION refuse();

CREATE TRIGGER entry_is_history BEFORE UPDATE ON entry FOR EACH ROW
WHEN (1 = 1)
EXECUTE FUNCTION refuse();

CREATE TRIGGER outcome_stays BEFORE DELETE ON outcome FOR EACH ROW
EXECUTE FUNCTION refuse();

CREATE TRIGGER outcome_is_history BEFORE UPDATE ON outcome FOR EACH ROW
WHEN (1 = 1)
EXECUTE FUNCTION refuse();

CREATE TRIGGER account_is_not_emptied BEFORE TRUNCATE ON account EXECUTE FUNCTION refuse();

CREATE TRIGGER lot_is_not_emptied BEFORE TRUNCATE ON lot EXECUTE FUNCTION refuse();

CREATE TRIGGER quote_is_not_emptied BEFORE TRUNCATE ON quote EXECUTE FUNCTION refuse();

CREATE TRIGGER hold_is_not_emptied BEFORE TRUNCATE ON hold EXECUTE FUNCTION refuse();

CREATE TRIGGER share_is_not_emptied BEFORE TRUNCATE ON share EXECUTE FUNCTION refuse();

CREATE TRIGGER entry_is_not_emptied BEFORE TRUNCATE ON entry EXECUTE FUNCTION refuse();

CREATE TRIGGER outcome_is_not_emptied BEFORE TRUNCATE ON outcome EXECUTE FUNCTION refuse();

CREATE FUNCTION entry_refunds_no_more_than_was_charged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.kind = 'refunded' AND (SELECT coalesce(sum(amount), 0) FROM entry WHERE hold = NEW.hold AND kind = 'refunded') + NEW.amount > coalesce((SELECT amount FROM entry WHERE hold = NEW.hold AND kind = 'charged' AND account = NEW.account), 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER entry_refunds_no_more_than_was_charged BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_refunds_no_more_than_was_charged();

CREATE FUNCTION entry_grants_what_its_lot_has() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.kind = 'granted' AND NEW.amount <> coalesce((SELECT amount FROM lot WHERE id = NEW.lot AND account = NEW.account), 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER entry_grants_what_its_lot_has BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_grants_what_its_lot_has();

CREATE FUNCTION entry_charges_what_its_hold_says() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.kind = 'charged' AND NEW.amount <> coalesce((SELECT charged FROM hold WHERE id = NEW.hold AND account = NEW.account AND state = 'captured'), 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER entry_charges_what_its_hold_says BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_charges_what_its_hold_says();

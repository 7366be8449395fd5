-- The ledger. Whatever writes to this file: an account cannot be overspent, a lot cannot be
-- negative, and history cannot be changed. Every constraint and trigger has an attack in the tests.

CREATE TABLE account (
  id TEXT NOT NULL PRIMARY KEY,
  organisation TEXT,
  posted INTEGER NOT NULL,
  held INTEGER NOT NULL,
  open_holds INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  frozen INTEGER NOT NULL,
  low_mark INTEGER NOT NULL,
  is_low INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  CONSTRAINT account_never_overspends CHECK (posted - held >= 0),
  CONSTRAINT account_holds_are_no_debt CHECK (held >= 0),
  CONSTRAINT account_open_holds CHECK (open_holds BETWEEN 0 AND 10000),
  CONSTRAINT account_low_mark CHECK (low_mark >= 0),
  CONSTRAINT account_organisation FOREIGN KEY (organisation) REFERENCES account (id),
  CONSTRAINT account_stands_where_its_history_ends FOREIGN KEY (id, entries, posted)
    REFERENCES entry (account, seq, after) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE lot (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  amount INTEGER NOT NULL,
  free INTEGER NOT NULL,
  held INTEGER NOT NULL,
  spent INTEGER NOT NULL,
  lapsed INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  source TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER,
  CONSTRAINT lot_is_something CHECK (amount > 0),
  CONSTRAINT lot_free CHECK (free >= 0),
  CONSTRAINT lot_held CHECK (held >= 0),
  CONSTRAINT lot_spent CHECK (spent >= 0),
  CONSTRAINT lot_lapsed CHECK (lapsed >= 0),
  CONSTRAINT lot_parts_are_the_whole CHECK (free + held + spent + lapsed = amount),
  CONSTRAINT lot_source CHECK (source IN ('gift', 'paid')),
  CONSTRAINT lot_account FOREIGN KEY (account) REFERENCES account (id)
) STRICT;
CREATE INDEX lot_live ON lot (account) WHERE free + held > 0;

CREATE TABLE quote (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  price_list TEXT NOT NULL,
  most INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  hold TEXT,
  CONSTRAINT quote_most CHECK (most >= 0),
  CONSTRAINT quote_account FOREIGN KEY (account) REFERENCES account (id)
) STRICT;

CREATE TABLE hold (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  organisation TEXT,
  amount INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  refunded INTEGER NOT NULL,
  state TEXT NOT NULL,
  task TEXT,
  device TEXT,
  quote TEXT,
  counted INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  until_at INTEGER,
  CONSTRAINT hold_charges_no_more_than_it_has CHECK (charged BETWEEN 0 AND amount),
  CONSTRAINT hold_refunds_no_more_than_it_charged CHECK (refunded BETWEEN 0 AND charged),
  CONSTRAINT hold_state CHECK (state IN ('open', 'captured', 'released', 'expired')),
  CONSTRAINT hold_charges_only_when_captured CHECK (state = 'captured' OR charged = 0),
  CONSTRAINT hold_one_per_quote UNIQUE (quote),
  CONSTRAINT hold_quote FOREIGN KEY (quote) REFERENCES quote (id),
  CONSTRAINT hold_account FOREIGN KEY (account) REFERENCES account (id)
) STRICT;
CREATE INDEX hold_open ON hold (account, until_at) WHERE state = 'open';
CREATE INDEX hold_of_account ON hold (account);
CREATE INDEX hold_of_organisation ON hold (organisation) WHERE organisation IS NOT NULL;

CREATE TABLE share (
  hold TEXT NOT NULL,
  place INTEGER NOT NULL,
  lot TEXT NOT NULL,
  amount INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  refunded INTEGER NOT NULL,
  CONSTRAINT share_key PRIMARY KEY (hold, place),
  CONSTRAINT share_amount CHECK (amount > 0),
  CONSTRAINT share_charges_no_more_than_it_has CHECK (charged BETWEEN 0 AND amount),
  CONSTRAINT share_refunds_no_more_than_it_charged CHECK (refunded BETWEEN 0 AND charged),
  CONSTRAINT share_hold FOREIGN KEY (hold) REFERENCES hold (id),
  CONSTRAINT share_lot FOREIGN KEY (lot) REFERENCES lot (id)
) STRICT;

CREATE TABLE entry (
  account TEXT NOT NULL,
  seq INTEGER NOT NULL,
  prev INTEGER,
  kind TEXT NOT NULL,
  amount INTEGER NOT NULL,
  before INTEGER NOT NULL,
  after INTEGER NOT NULL,
  hold TEXT,
  lot TEXT,
  at INTEGER NOT NULL,
  CONSTRAINT entry_key PRIMARY KEY (account, seq),
  CONSTRAINT entry_never_below_zero CHECK (after >= 0),
  CONSTRAINT entry_amount CHECK (amount > 0 OR (kind = 'opened' AND amount = 0)),
  CONSTRAINT entry_adds_up CHECK (CASE kind WHEN 'opened' THEN after = before WHEN 'granted' THEN after = before + amount WHEN 'refunded' THEN after = before + amount WHEN 'charged' THEN after = before - amount WHEN 'lapsed' THEN after = before - amount ELSE 0 END),
  CONSTRAINT entry_follows CHECK (CASE WHEN prev IS NULL THEN seq = 1 AND before = 0 AND kind = 'opened' ELSE prev = seq - 1 AND kind <> 'opened' END),
  CONSTRAINT entry_of_hold CHECK ((hold IS NOT NULL) = (kind IN ('charged', 'refunded'))),
  CONSTRAINT entry_of_lot CHECK ((lot IS NOT NULL) = (kind IN ('granted', 'lapsed'))),
  CONSTRAINT entry_begins_where_the_last_one_ended FOREIGN KEY (account, prev, before) REFERENCES entry (account, seq, after),
  CONSTRAINT entry_account FOREIGN KEY (account) REFERENCES account (id),
  CONSTRAINT entry_lot FOREIGN KEY (lot) REFERENCES lot (id)
) STRICT;
CREATE UNIQUE INDEX entry_place ON entry (account, seq, after);
CREATE UNIQUE INDEX entry_one_charge_per_hold ON entry (hold) WHERE kind = 'charged';
CREATE UNIQUE INDEX entry_one_grant_per_lot ON entry (lot) WHERE kind = 'granted';
CREATE INDEX entry_refunds ON entry (hold) WHERE kind = 'refunded';

CREATE TABLE cap_rule (
  account TEXT NOT NULL,
  scope TEXT NOT NULL,
  most INTEGER,
  CONSTRAINT cap_rule_key PRIMARY KEY (account, scope),
  CONSTRAINT cap_rule_most CHECK (most >= 0),
  CONSTRAINT cap_rule_account FOREIGN KEY (account) REFERENCES account (id)
) STRICT;

CREATE TABLE cap (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  scope TEXT NOT NULL,
  most INTEGER NOT NULL,
  used INTEGER NOT NULL,
  held INTEGER NOT NULL,
  CONSTRAINT cap_used CHECK (used >= 0),
  CONSTRAINT cap_held CHECK (held >= 0),
  CONSTRAINT cap_is_kept CHECK (used + held <= most),
  CONSTRAINT cap_account FOREIGN KEY (account) REFERENCES account (id)
) STRICT;
CREATE INDEX cap_of_account ON cap (account);

CREATE TABLE outcome (
  key TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  reply TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  available INTEGER NOT NULL,
  at INTEGER NOT NULL,
  CONSTRAINT event_account FOREIGN KEY (account) REFERENCES account (id)
) STRICT;
CREATE INDEX event_order ON event (at, id);

CREATE TRIGGER account_stays BEFORE DELETE ON account
BEGIN SELECT RAISE (ABORT, 'account_stays'); END;

CREATE TRIGGER account_keeps_its_name BEFORE UPDATE ON account
WHEN NEW.id IS NOT OLD.id
BEGIN SELECT RAISE (ABORT, 'account_keeps_its_name'); END;

CREATE TRIGGER lot_stays BEFORE DELETE ON lot
BEGIN SELECT RAISE (ABORT, 'lot_stays'); END;

CREATE TRIGGER lot_keeps_its_terms BEFORE UPDATE ON lot
WHEN NEW.id IS NOT OLD.id OR NEW.account IS NOT OLD.account OR NEW.amount IS NOT OLD.amount OR NEW.priority IS NOT OLD.priority OR NEW.source IS NOT OLD.source OR NEW.from_at IS NOT OLD.from_at OR NEW.until_at IS NOT OLD.until_at
BEGIN SELECT RAISE (ABORT, 'lot_keeps_its_terms'); END;

CREATE TRIGGER quote_stays BEFORE DELETE ON quote
BEGIN SELECT RAISE (ABORT, 'quote_stays'); END;

CREATE TRIGGER quote_binds BEFORE UPDATE ON quote
WHEN NEW.id IS NOT OLD.id OR NEW.account IS NOT OLD.account OR NEW.price_list IS NOT OLD.price_list OR NEW.most IS NOT OLD.most OR NEW.made_at IS NOT OLD.made_at OR NEW.until_at IS NOT OLD.until_at OR OLD.hold IS NOT NULL
BEGIN SELECT RAISE (ABORT, 'quote_binds'); END;

CREATE TRIGGER hold_stays BEFORE DELETE ON hold
BEGIN SELECT RAISE (ABORT, 'hold_stays'); END;

CREATE TRIGGER hold_keeps_its_terms BEFORE UPDATE ON hold
WHEN NEW.id IS NOT OLD.id OR NEW.account IS NOT OLD.account OR NEW.organisation IS NOT OLD.organisation OR NEW.task IS NOT OLD.task OR NEW.device IS NOT OLD.device OR NEW.quote IS NOT OLD.quote OR NEW.counted IS NOT OLD.counted OR NEW.made_at IS NOT OLD.made_at OR NEW.amount < OLD.amount
BEGIN SELECT RAISE (ABORT, 'hold_keeps_its_terms'); END;

CREATE TRIGGER hold_ends_once BEFORE UPDATE ON hold
WHEN OLD.state <> 'open' AND (NEW.amount IS NOT OLD.amount OR NEW.charged IS NOT OLD.charged OR NEW.state IS NOT OLD.state OR NEW.until_at IS NOT OLD.until_at)
BEGIN SELECT RAISE (ABORT, 'hold_ends_once'); END;

CREATE TRIGGER hold_refunds_stay BEFORE UPDATE ON hold
WHEN NEW.refunded < OLD.refunded
BEGIN SELECT RAISE (ABORT, 'hold_refunds_stay'); END;

CREATE TRIGGER share_stays BEFORE DELETE ON share
BEGIN SELECT RAISE (ABORT, 'share_stays'); END;

CREATE TRIGGER share_keeps_its_terms BEFORE UPDATE ON share
WHEN NEW.hold IS NOT OLD.hold OR NEW.place IS NOT OLD.place OR NEW.lot IS NOT OLD.lot OR NEW.amount IS NOT OLD.amount OR NEW.charged < OLD.charged OR NEW.refunded < OLD.refunded
BEGIN SELECT RAISE (ABORT, 'share_keeps_its_terms'); END;

CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT RAISE (ABORT, 'entry_stays'); END;

CREATE TRIGGER entry_is_history BEFORE UPDATE ON entry
WHEN 1 = 1
BEGIN SELECT RAISE (ABORT, 'entry_is_history'); END;

CREATE TRIGGER outcome_stays BEFORE DELETE ON outcome
BEGIN SELECT RAISE (ABORT, 'outcome_stays'); END;

CREATE TRIGGER outcome_is_history BEFORE UPDATE ON outcome
WHEN 1 = 1
BEGIN SELECT RAISE (ABORT, 'outcome_is_history'); END;

CREATE TRIGGER entry_refunds_no_more_than_was_charged BEFORE INSERT ON entry
WHEN NEW.kind = 'refunded' AND (SELECT coalesce(sum(amount), 0) FROM entry WHERE hold = NEW.hold AND kind = 'refunded') + NEW.amount > coalesce((SELECT amount FROM entry WHERE hold = NEW.hold AND kind = 'charged' AND account = NEW.account), 0)
BEGIN SELECT RAISE (ABORT, 'entry_refunds_no_more_than_was_charged'); END;

CREATE TRIGGER entry_grants_what_its_lot_has BEFORE INSERT ON entry
WHEN NEW.kind = 'granted' AND NEW.amount <> coalesce((SELECT amount FROM lot WHERE id = NEW.lot AND account = NEW.account), 0)
BEGIN SELECT RAISE (ABORT, 'entry_grants_what_its_lot_has'); END;

CREATE TRIGGER entry_charges_what_its_hold_says BEFORE INSERT ON entry
WHEN NEW.kind = 'charged' AND NEW.amount <> coalesce((SELECT charged FROM hold WHERE id = NEW.hold AND account = NEW.account AND state = 'captured'), 0)
BEGIN SELECT RAISE (ABORT, 'entry_charges_what_its_hold_says'); END;

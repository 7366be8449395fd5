-- The same rules, at a smaller price. A rule that compares a new row with others is looked after
-- once for all rows of a statement, and not row by row; a rule about a change no longer locks the
-- row a second time; and what changes often stands in no index that a change would have to
-- renew. Who is named cannot go away: nothing that is named here may be deleted or renamed.

CREATE FUNCTION all_as_seen(there bigint, wanted bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
  IF there <> wanted THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'an account was changed meanwhile';
  END IF;
  RETURN '';
END $$;

ALTER TABLE hold DROP CONSTRAINT hold_one_per_quote;
CREATE UNIQUE INDEX hold_one_per_quote ON hold (quote) WHERE quote IS NOT NULL;

DROP INDEX hold_open;
CREATE INDEX hold_open ON hold (account, until_at) WHERE state = 'open' AND until_at IS NOT NULL;

DROP INDEX lot_live;
CREATE INDEX lot_of_account ON lot (account);

DROP TRIGGER account_keeps_its_name ON account;
CREATE TRIGGER account_keeps_its_name AFTER UPDATE ON account FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id)
EXECUTE FUNCTION refuse();

DROP TRIGGER lot_keeps_its_terms ON lot;
CREATE TRIGGER lot_keeps_its_terms AFTER UPDATE ON lot FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.account IS DISTINCT FROM OLD.account OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.priority IS DISTINCT FROM OLD.priority OR NEW.source IS DISTINCT FROM OLD.source OR NEW.from_at IS DISTINCT FROM OLD.from_at OR NEW.until_at IS DISTINCT FROM OLD.until_at)
EXECUTE FUNCTION refuse();

DROP TRIGGER quote_binds ON quote;
CREATE TRIGGER quote_binds AFTER UPDATE ON quote FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.account IS DISTINCT FROM OLD.account OR NEW.price_list IS DISTINCT FROM OLD.price_list OR NEW.most IS DISTINCT FROM OLD.most OR NEW.made_at IS DISTINCT FROM OLD.made_at OR NEW.until_at IS DISTINCT FROM OLD.until_at OR OLD.hold IS NOT NULL)
EXECUTE FUNCTION refuse();

DROP TRIGGER hold_keeps_its_terms ON hold;
CREATE TRIGGER hold_keeps_its_terms AFTER UPDATE ON hold FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.account IS DISTINCT FROM OLD.account OR NEW.organisation IS DISTINCT FROM OLD.organisation OR NEW.task IS DISTINCT FROM OLD.task OR NEW.device IS DISTINCT FROM OLD.device OR NEW.quote IS DISTINCT FROM OLD.quote OR NEW.counted IS DISTINCT FROM OLD.counted OR NEW.made_at IS DISTINCT FROM OLD.made_at OR NEW.amount < OLD.amount)
EXECUTE FUNCTION refuse();

DROP TRIGGER hold_ends_once ON hold;
CREATE TRIGGER hold_ends_once AFTER UPDATE ON hold FOR EACH ROW
WHEN (OLD.state <> 'open' AND (NEW.amount IS DISTINCT FROM OLD.amount OR NEW.charged IS DISTINCT FROM OLD.charged OR NEW.state IS DISTINCT FROM OLD.state OR NEW.until_at IS DISTINCT FROM OLD.until_at))
EXECUTE FUNCTION refuse();

DROP TRIGGER hold_refunds_stay ON hold;
CREATE TRIGGER hold_refunds_stay AFTER UPDATE ON hold FOR EACH ROW
WHEN (NEW.refunded < OLD.refunded)
EXECUTE FUNCTION refuse();

DROP TRIGGER share_keeps_its_terms ON share;
CREATE TRIGGER share_keeps_its_terms AFTER UPDATE ON share FOR EACH ROW
WHEN (NEW.hold IS DISTINCT FROM OLD.hold OR NEW.place IS DISTINCT FROM OLD.place OR NEW.lot IS DISTINCT FROM OLD.lot OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.charged < OLD.charged OR NEW.refunded < OLD.refunded)
EXECUTE FUNCTION refuse();

ALTER TABLE hold DROP CONSTRAINT hold_account;
CREATE FUNCTION hold_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM account WHERE account.id = fresh.account)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hold_account AFTER INSERT ON hold REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hold_account();

ALTER TABLE hold DROP CONSTRAINT hold_quote;
CREATE FUNCTION hold_quote() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE quote IS NOT NULL AND NOT EXISTS (SELECT FROM quote WHERE quote.id = fresh.quote)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hold_quote AFTER INSERT ON hold REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hold_quote();

ALTER TABLE share DROP CONSTRAINT share_hold;
CREATE FUNCTION share_hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM hold WHERE hold.id = fresh.hold)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER share_hold AFTER INSERT ON share REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION share_hold();

ALTER TABLE share DROP CONSTRAINT share_lot;
CREATE FUNCTION share_lot() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM lot WHERE lot.id = fresh.lot)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER share_lot AFTER INSERT ON share REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION share_lot();

ALTER TABLE entry DROP CONSTRAINT entry_account;
CREATE FUNCTION entry_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM account WHERE account.id = fresh.account)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_account AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION entry_account();

ALTER TABLE entry DROP CONSTRAINT entry_lot;
CREATE FUNCTION entry_lot() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE lot IS NOT NULL AND NOT EXISTS (SELECT FROM lot WHERE lot.id = fresh.lot)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_lot AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION entry_lot();

ALTER TABLE entry DROP CONSTRAINT entry_begins_where_the_last_one_ended;
CREATE FUNCTION entry_begins_where_the_last_one_ended() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE prev IS NOT NULL AND NOT EXISTS (SELECT FROM entry AS last WHERE (last.account, last.seq, last.after) = (fresh.account, fresh.prev, fresh.before))) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_begins_where_the_last_one_ended AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION entry_begins_where_the_last_one_ended();

DROP TRIGGER entry_refunds_no_more_than_was_charged ON entry;
DROP FUNCTION entry_refunds_no_more_than_was_charged();
CREATE FUNCTION entry_refunds_no_more_than_was_charged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE kind = 'refunded' AND ((SELECT sum(amount) FROM entry AS given WHERE given.hold = fresh.hold AND given.kind = 'refunded') <= (SELECT amount FROM entry AS taken WHERE taken.hold = fresh.hold AND taken.kind = 'charged' AND taken.account = fresh.account)) IS NOT TRUE) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_refunds_no_more_than_was_charged AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION entry_refunds_no_more_than_was_charged();

DROP TRIGGER entry_grants_what_its_lot_has ON entry;
DROP FUNCTION entry_grants_what_its_lot_has();
CREATE FUNCTION entry_grants_what_its_lot_has() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE kind = 'granted' AND amount <> coalesce((SELECT lot.amount FROM lot WHERE lot.id = fresh.lot AND lot.account = fresh.account), 0)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_grants_what_its_lot_has AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION entry_grants_what_its_lot_has();

DROP TRIGGER entry_charges_what_its_hold_says ON entry;
DROP FUNCTION entry_charges_what_its_hold_says();
CREATE FUNCTION entry_charges_what_its_hold_says() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM fresh WHERE kind = 'charged' AND amount <> coalesce((SELECT hold.charged FROM hold WHERE hold.id = fresh.hold AND hold.account = fresh.account AND state = 'captured'), 0)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_charges_what_its_hold_says AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION entry_charges_what_its_hold_says();

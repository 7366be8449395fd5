-- What changes often stands in no index that a change would have to renew: a page less to write
-- for each.

DROP INDEX hold_open;
CREATE INDEX hold_open ON hold (account, until_at) WHERE state = 'open' AND until_at IS NOT NULL;

DROP INDEX lot_live;
CREATE INDEX lot_of_account ON lot (account);

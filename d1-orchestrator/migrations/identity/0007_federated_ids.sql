-- Who each person is at other providers of identities.
CREATE TABLE federated_ids (
  issuer  TEXT NOT NULL,
  subject TEXT NOT NULL,
  user    TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX federated_ids_by_user ON federated_ids (user, issuer, subject);

-- Who each person is at other providers of identities; compared byte by byte.
CREATE TABLE federated_id (
  issuer text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  person uuid NOT NULL REFERENCES person (id),
  PRIMARY KEY (issuer, subject)
);

CREATE INDEX federated_id_by_person ON federated_id (person, issuer, subject);

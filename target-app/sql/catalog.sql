CREATE TABLE products (
  id integer PRIMARY KEY,
  name text NOT NULL,
  price_cents integer NOT NULL,
  version integer NOT NULL DEFAULT 1
);

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO app;

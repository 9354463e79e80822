-- One order shard. Keyed by user: everything an order touches is in one place.

CREATE TABLE shard_meta (
  shard text PRIMARY KEY,
  epoch integer NOT NULL
);

-- op_id is the client's name for the operation. It has no unique constraint on purpose: if the service ever stores an
-- operation twice, both rows must be there for a checker to find.
CREATE TABLE orders (
  order_id uuid PRIMARY KEY,
  user_id text NOT NULL,
  op_id text NOT NULL,
  total_cents bigint NOT NULL,
  epoch integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE order_items (
  order_id uuid NOT NULL REFERENCES orders,
  line integer NOT NULL,
  product_id integer NOT NULL,
  quantity integer NOT NULL,
  unit_cents integer NOT NULL,
  PRIMARY KEY (order_id, line)
);

CREATE TABLE idempotency (
  user_id text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  status integer NOT NULL,
  response text NOT NULL,
  PRIMARY KEY (user_id, key)
);

CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  msg_id uuid NOT NULL UNIQUE,
  topic text NOT NULL,
  payload jsonb NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent')),
  created_at timestamptz NOT NULL DEFAULT now()
);
-- By state, never by "id greater than the last one seen": ids are not handed out in the order of commits.
CREATE INDEX outbox_pending ON outbox (id) WHERE state = 'pending';

-- The whole order in one round trip. outcome: stored | replayed | mismatch | stale-epoch.
CREATE FUNCTION place_order(
  p_epoch integer, p_user text, p_key text, p_fingerprint text, p_op_id text,
  p_order_id uuid, p_msg_id uuid, p_total_cents bigint, p_items jsonb, p_response text
) RETURNS TABLE (outcome text, status integer, response text)
LANGUAGE plpgsql AS $$
DECLARE
  current_epoch integer;
  earlier idempotency%ROWTYPE;
BEGIN
  -- The lock keeps whoever raises the epoch waiting until this order is in, and orders out once it is raised.
  SELECT epoch INTO current_epoch FROM shard_meta FOR SHARE;
  IF current_epoch <> p_epoch THEN
    RETURN QUERY SELECT 'stale-epoch'::text, 409, NULL::text;
    RETURN;
  END IF;

  -- A concurrent request with the same key waits here until the first one is committed or gone.
  INSERT INTO idempotency (user_id, key, fingerprint, status, response)
  VALUES (p_user, p_key, p_fingerprint, 201, p_response)
  ON CONFLICT (user_id, key) DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO earlier FROM idempotency i WHERE i.user_id = p_user AND i.key = p_key;
    IF earlier.fingerprint = p_fingerprint THEN
      RETURN QUERY SELECT 'replayed'::text, earlier.status, earlier.response;
    ELSE
      RETURN QUERY SELECT 'mismatch'::text, 422, NULL::text;
    END IF;
    RETURN;
  END IF;

  INSERT INTO orders (order_id, user_id, op_id, total_cents, epoch)
  VALUES (p_order_id, p_user, p_op_id, p_total_cents, p_epoch);
  INSERT INTO order_items (order_id, line, product_id, quantity, unit_cents)
  SELECT p_order_id, i.line, i."productId", i.quantity, i."unitCents"
  FROM jsonb_to_recordset(p_items) AS i (line integer, "productId" integer, quantity integer, "unitCents" integer);
  INSERT INTO outbox (msg_id, topic, payload)
  VALUES (p_msg_id, 'order-placed', jsonb_build_object('orderId', p_order_id, 'userId', p_user));
  RETURN QUERY SELECT 'stored'::text, 201, p_response;
END
$$;

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO app;

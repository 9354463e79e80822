-- The broker's store and, beside it, the sink its workers write to.

CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  msg_id uuid NOT NULL UNIQUE,
  topic text NOT NULL,
  payload jsonb NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  lease uuid,
  -- queued: may be leased from then on; running: the lease ends then.
  due_at timestamptz NOT NULL DEFAULT now(),
  worker text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX jobs_due ON jobs (due_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_dead ON jobs (id) WHERE state = 'dead';

-- One row for each message a worker has dealt with, written in the transaction of the effect itself.
CREATE TABLE inbox (
  consumer text NOT NULL,
  msg_id uuid NOT NULL,
  PRIMARY KEY (consumer, msg_id)
);

-- The effect. No unique constraint on purpose: an effect that happens twice must show.
CREATE TABLE deliveries (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  msg_id uuid NOT NULL,
  worker text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO app;

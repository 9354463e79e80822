#!/bin/bash
# A standby's first start copies the primary, through the fault proxy; each later one goes on with what it has.
#
#   standby.sh PRIMARY_HOST PRIMARY_PORT OWN_NAME
set -euo pipefail
primary="host=$1 port=$2 user=postgres application_name=$3"
if [ ! -s "$PGDATA/standby.signal" ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  until pg_basebackup --dbname="$primary" --pgdata="$PGDATA" --wal-method=stream --checkpoint=fast; do
    find "$PGDATA" -mindepth 1 -delete
    sleep 0.2
  done
  chmod 700 "$PGDATA"
  touch "$PGDATA/standby.signal"
fi
exec postgres -c config_file=/etc/shop/postgresql.conf -c primary_slot_name=standby -c "primary_conninfo=$primary"

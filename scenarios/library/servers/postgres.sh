#!/bin/sh
# PostgreSQL for a lab: postgres.sh WORK TEMPLATE.tar. Everybody may connect, as user and to database template1.
# The data folder is one that scripts/build-clients made, because making one takes ten times as long. It is nobody's.
# The server refuses to be root, and in the lab everybody is.
set -eu
if [ ! -d "$1/data" ]; then
    tar -C "$1" --touch -xpf "$2"
    chown nobody "$1"
fi
exec setpriv --reuid=nobody --clear-groups /usr/lib/postgresql/15/bin/postgres -D "$1/data" \
    -c listen_addresses='*' -c unix_socket_directories="$1" -c fsync=off -c full_page_writes=off -c autovacuum=off \
    -c shared_buffers=1MB -c bgwriter_delay=10s -c wal_writer_delay=10s -c max_wal_senders=0 \
    -c max_logical_replication_workers=0 -c log_min_messages=fatal

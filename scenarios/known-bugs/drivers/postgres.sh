#!/bin/sh
# PostgreSQL with a new database in the folder given; one that is there from before is used again. It will not run as
# root, which labs run everything as.
set -e
folder=$1
programs=/usr/lib/postgresql/15/bin
as_nobody="setpriv --reuid=nobody --clear-groups"
if [ ! -d "$folder/data" ]; then
    chown nobody "$folder"
    $as_nobody $programs/initdb -D "$folder/data" -A trust -N --no-instructions -E UTF8 --locale=C >/dev/null
    echo "host all all 0.0.0.0/0 trust" >"$folder/hba.conf"
fi
exec $as_nobody $programs/postgres -D "$folder/data" -c listen_addresses='*' -c hba_file="$folder/hba.conf" \
    -c unix_socket_directories="$folder" -c fsync=off -c autovacuum=off

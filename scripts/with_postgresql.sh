#!/usr/bin/env bash
# Run a command beside a throw-away PostgreSQL: scripts/with_postgresql.sh COMMAND [ARGUMENT …]
# The cluster lives in a temporary folder, in memory where there is room for it (its files outlive
# nothing here, so no test need wait for a disk), listens on a socket there, and is removed afterwards.
# The command finds its address in ATTUNEMENT_TEST_DATABASE and its settings are PostgreSQL's own.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: scripts/with_postgresql.sh COMMAND [ARGUMENT …]" >&2; exit 2; }

bin=${POSTGRESQL_BIN:-}
if [ -z "$bin" ]; then
  for candidate in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -Vr); do
    if [ -x "$candidate/initdb" ]; then bin=$candidate; break; fi
  done
fi
if [ -z "$bin" ] && command -v initdb >/dev/null; then bin=$(dirname "$(command -v initdb)"); fi
if [ -z "$bin" ]; then
  echo "PostgreSQL is not installed; on Debian: apt-get install postgresql (or set POSTGRESQL_BIN)" >&2
  exit 3
fi

place=${TMPDIR:-/tmp}
free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }') || free=0
if [ -w /dev/shm ] && [ "${free:-0}" -gt 2000000 ]; then place=/dev/shm; fi
folder=$(mktemp -d "$place/attunement-pg-XXXXXX")
chmod 700 "$folder"
port=$((20000 + RANDOM % 20000))
as_postgres=()
if [ "$(id -u)" -eq 0 ]; then # PostgreSQL refuses to run as root
  chown postgres "$folder"
  as_postgres=(runuser -u postgres --)
fi

stop() {
  (cd "$folder" && "${as_postgres[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$folder"
}
trap stop EXIT

cd_back=$PWD
cd "$folder"
"${as_postgres[@]}" "$bin/initdb" -D "$folder/data" -U attunement -A trust -E UTF8 --no-locale >"$folder/initdb.log" 2>&1 ||
  { cat "$folder/initdb.log" >&2; exit 1; }
"${as_postgres[@]}" "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/data/server.log" \
  -o "-c listen_addresses='' -c unix_socket_directories='$folder' -c port=$port -c max_connections=120" start >/dev/null ||
  { cat "$folder/data/server.log" >&2; exit 1; }
"${as_postgres[@]}" "$bin/createdb" -h "$folder" -p "$port" -U attunement clinic
chmod 755 "$folder" # others reach the socket, nobody else's data is here
cd "$cd_back"

export ATTUNEMENT_TEST_DATABASE="postgresql://attunement@/clinic?host=$folder&port=$port"
# Beside this shell, so that a signal to it ends both and the server with its folder goes as well.
trap 'kill "$command" 2>/dev/null || true; exit 143' TERM INT HUP
status=0
"$@" &
command=$!
wait "$command" || status=$?
exit "$status"

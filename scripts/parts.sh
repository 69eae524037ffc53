#!/usr/bin/env bash
# Find, or on Debian as root install, the real parts the tests drive: a browser, a database
# server, and Spark. Prints one line for each part that is missing and cannot be had, and sets
# BROWSER and POSTGRESQL_BIN (empty where there is none). Meant to be sourced; reads $venv.

postgresql_bin() {
  local folder
  for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin; do
    [ -x "$folder/initdb" ] && found=$folder
  done
  if [ -z "${found:-}" ] && command -v initdb >/dev/null 2>&1; then
    found=$(dirname "$(command -v initdb)")
  fi
  printf '%s' "${found:-}"
}

browser() {
  command -v chromium || command -v chromium-browser || true
}

install_missing() { # part, package
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $1 ($2) ..."
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$2"; } \
      >/dev/null 2>&1 || true
  fi
}

left_out=0
[ -n "$(browser)" ] || install_missing "a browser for the end-to-end tests" chromium
# The same engine without windows, which most of these tests take where it is there: half the time.
command -v chromium-headless-shell >/dev/null 2>&1 ||
  install_missing "a quicker browser for most of them" chromium-headless-shell
BROWSER=$(browser)
if [ -z "$BROWSER" ]; then
  echo "Left out: the browser tests (no Chromium; install the package 'chromium')."
  left_out=1
fi
[ -n "$(postgresql_bin)" ] || install_missing "PostgreSQL for the store tests" postgresql
POSTGRESQL_BIN=$(postgresql_bin)
if [ -z "$POSTGRESQL_BIN" ]; then
  echo "Left out: the store tests on PostgreSQL (no server; install the package 'postgresql')."
  left_out=1
fi
export POSTGRESQL_BIN

# Spark is a Python package of half a gigabyte with a Java of its own: only its tests need it.
has_spark() { command -v java >/dev/null 2>&1 && "$venv/bin/python" -c "import pyspark" 2>/dev/null; }
command -v java >/dev/null 2>&1 || install_missing "Java for the Spark tests" default-jre-headless
if ! has_spark && command -v java >/dev/null 2>&1; then
  echo "Installing PySpark for the Spark tests ..."
  "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes \
    -r requirements-spark.lock || true
fi
if ! has_spark; then
  echo "Left out: the tests of engine='spark' (needs Java 17 and requirements-spark.lock)."
  left_out=1
fi
if [ "$left_out" = 1 ] && [ "${ATTUNEMENT_TEST_STRICT:-0}" = 1 ]; then
  echo "ATTUNEMENT_TEST_STRICT is set: nothing may be left out." >&2
  exit 1
fi

#!/usr/bin/env bash
# Run every check and every test. The browser, the database server and Spark that the tests drive are
# installed where that is possible, and named in one line where it is not.
set -euo pipefail
venv=${1:-.venv}
cd "$(dirname "$0")/.."
# shellcheck source=scripts/parts.sh
source scripts/parts.sh

if [ -z "${ATTUNEMENT_REFERENCE_DATA:-}" ]; then
  echo "Left out: tests on other people's data (set ATTUNEMENT_REFERENCE_DATA to their folder)."
fi

# The examples share one process and the checks of the code use one core: they run side by side. The
# examples also leave the machine code of the kernels ready for the tests.
lint_says=$(mktemp)
trap 'rm -f "$lint_says"' EXIT
bash scripts/lint.sh "$venv" >"$lint_says" 2>&1 &
lint=$!
echo "The examples of the docs and of the library, each page in its own scratch folder:"
examples=0
"$venv/bin/python" -m pytest -q README.md docs src || examples=$?
lint_found=0
wait "$lint" || lint_found=$?
cat "$lint_says"
if [ "$lint_found" != 0 ] || [ "$examples" != 0 ]; then exit 1; fi

browser_tests=(-m "not e2e")
[ -n "$BROWSER" ] && browser_tests=()
"$venv/bin/python" -m pytest -q -n 3 --dist loadscope --durations=12 "${browser_tests[@]}" tests

if [ -n "$POSTGRESQL_BIN" ]; then
  echo "The store, services and pages again, on PostgreSQL:"
  bash scripts/with_postgresql.sh "$venv/bin/python" -m pytest -q -n 3 --dist loadscope \
    --durations=8 -m "not one_store" tests/store tests/web
fi

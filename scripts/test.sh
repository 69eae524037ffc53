#!/usr/bin/env bash
# Run every check and every test. The browser, the database server and Spark that the tests drive are
# installed where that is possible, and named in one line where it is not.
set -euo pipefail
venv=${1:-.venv}
cd "$(dirname "$0")/.."
# Some surroundings forbid Python to keep what it compiled; hundreds of processes would each compile
# Django and the rest anew, which takes longer than most of the tests.
unset PYTHONDONTWRITEBYTECODE
# Every core has a process of its own: threads of linear algebra would only wait for each other,
# with the core kept busy, which takes the tests of models four times as long.
export OPENBLAS_NUM_THREADS=1
# shellcheck source=scripts/parts.sh
source scripts/parts.sh

if [ -z "${ATTUNEMENT_REFERENCE_DATA:-}" ]; then
  echo "Left out: tests on other people's data (set ATTUNEMENT_REFERENCE_DATA to their folder)."
fi

# Tests and kernels are compiled once, before the processes that would each compile them. The
# examples share one process, so they run beside all the rest; what they say is shown after it.
examples_say=$(mktemp)
(
  "$venv/bin/python" -m pytest --collect-only -q tests >/dev/null || true # the run itself will say
  "$venv/bin/python" -m scripts.warm
  exec "$venv/bin/python" -m pytest -q README.md docs src
) >"$examples_say" 2>&1 &
examples=$!
trap 'kill "$examples" 2>/dev/null || true; rm -f "$examples_say"' EXIT

bash scripts/lint.sh "$venv"

browser_tests=(-m "not e2e")
[ -n "$BROWSER" ] && browser_tests=()
"$venv/bin/python" -m pytest -q -n 3 --dist loadscope --durations=12 "${browser_tests[@]}" tests

echo "The examples of the docs and of the library, each page in its own scratch folder:"
examples_failed=0
wait "$examples" || examples_failed=$?
cat "$examples_say"
[ "$examples_failed" = 0 ] || exit 1

if [ -n "$POSTGRESQL_BIN" ]; then
  echo "The store and its services again, on PostgreSQL:"
  bash scripts/with_postgresql.sh "$venv/bin/python" -m pytest -q -n 3 --dist loadscope \
    --durations=8 -m "not one_store" tests/store
fi

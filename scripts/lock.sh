#!/usr/bin/env bash
# Choose versions for every dependency group and write them, with hashes, to requirements.lock;
# Spark (half a gigabyte that only its own tests need) goes to a file of its own.
set -euo pipefail
venv=${1:-.venv}
compile() {
  "$venv/bin/uv" pip compile pyproject.toml "$@" \
    --universal --python-version 3.11 --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links --quiet --upgrade
}
compile --extra plots --extra postgresql --group dev --output-file requirements.lock
compile --extra spark --constraint requirements.lock --output-file requirements-spark.lock

#!/usr/bin/env bash
# Choose versions for every dependency group and write them, with hashes, to requirements.lock.
set -euo pipefail
venv=${1:-.venv}
"$venv/bin/uv" pip compile pyproject.toml --extra postgresql --group dev \
  --universal --python-version 3.11 --generate-hashes \
  --no-header --no-emit-index-url --no-emit-find-links \
  --quiet --upgrade --output-file requirements.lock

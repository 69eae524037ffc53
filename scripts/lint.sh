#!/usr/bin/env bash
# Style, types and the walls between rooms.
set -euo pipefail
bin=${1:-.venv}/bin
"$bin/ruff" format --check src tests bench rigs scripts
"$bin/ruff" check src tests bench rigs scripts
"$bin/mypy"
"$bin/lint-imports"

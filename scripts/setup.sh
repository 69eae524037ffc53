#!/usr/bin/env bash
# Create the virtual environment with exactly the versions of requirements.lock.
set -euo pipefail
venv=${1:-.venv}
python=${PYTHON:-python3}
"$python" - <<'PY' || exit 1
import sys
if sys.version_info < (3, 11):
    sys.exit(f"Attunement needs Python 3.11 or newer, found {sys.version.split()[0]}. Set PYTHON=/path/to/python3.11 and try again.")
PY
if [ ! -x "$venv/bin/python" ]; then
  "$python" -m venv "$venv" || {
    echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2
    exit 1
  }
fi
echo "Installing the locked versions into $venv (once; about a minute) ..."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv>=0.6"
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements.lock
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --editable .

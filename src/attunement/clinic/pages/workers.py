# SPDX-License-Identifier: Apache-2.0
"""Workers of the browser: each keeps one page of the site, to open it without a network.

What is kept is the same for everybody: words of the site, whom to call, styles and scripts. No
form and no answer is in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static

STYLES = ("css/tokens.css", "css/base.css", "css/components.css", "css/forms.css", "css/print.css")
_WORKER = ("js/queue.js", "js/worker.js")


@dataclass(frozen=True, slots=True)
class Kept:
    """The page that a worker keeps, with the files that it needs."""

    name: str  # of the store in the browser; no two workers share one
    page: str
    template: str
    files: tuple[str, ...]


def worker_script(kept: Kept, **context: object) -> HttpResponse:
    """Return a worker's script; when the page or a file changes, the script does too."""
    config = settings.ATTUNEMENT
    words = {
        "words": config.words,
        "practice_name": config.practice_name,
        "synthetic": config.synthetic,
        "crisis": config.crisis,
    }
    shell = render_to_string(kept.template, words | context)
    paths = [static(f"attunement/{name}") for name in kept.files]
    text = _texts(_WORKER)
    version = hashlib.sha256(f"{shell}{_digest(kept.files)}{text}".encode()).hexdigest()[:16]
    head = "\n".join(
        (
            f'const STORE = "{kept.name}-";',
            f'const VERSION = "{version}";',
            f'const SHELL_PAGE = "{kept.page}";',
            f"const SHELL = {_list(paths)};",
        )
    )
    return HttpResponse(f"{head}\n{text}", content_type="text/javascript; charset=utf-8")


def _list(paths: list[str]) -> str:
    return "[" + ", ".join(f'"{path}"' for path in paths) + "]"


@lru_cache(maxsize=4)
def _texts(names: tuple[str, ...]) -> str:
    return "".join(
        Path(str(finders.find(f"attunement/{name}"))).read_text(encoding="utf-8") for name in names
    )


@lru_cache(maxsize=4)
def _digest(names: tuple[str, ...]) -> str:
    return hashlib.sha256(_texts(names).encode()).hexdigest()

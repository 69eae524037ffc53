# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLC0415 -- Django is configured first
"""A plain Django create view, as a tutorial writes it, on the same store settings.

No log-in, no scoring, no signals, no audit: one row in one transaction of its own. What of our own
program's time is Django, the web server and the disk can be read off it.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(database: Path, port: int) -> None:
    import django
    from django.conf import settings

    from attunement.clinic.config.django_settings import SQLITE_INIT

    settings.configure(
        SECRET_KEY="a secret of a benchmark",  # noqa: S106 -- nobody's
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(database),
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": SQLITE_INIT,
                },
            }
        },
        USE_TZ=True,
    )
    django.setup()
    from django.db import connection, models, transaction
    from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
    from django.urls import path
    from django.views.generic.edit import CreateView
    from waitress import serve

    from attunement.clinic.serving import THREADS

    class Form(models.Model):
        submission = models.CharField(max_length=36, unique=True)
        answers = models.TextField()
        at = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "plain"

        def __str__(self) -> str:
            return self.submission

    with connection.schema_editor() as editor:
        editor.create_model(Form)

    class Create(CreateView):  # type: ignore[type-arg] # a class body cannot subscript it
        model = Form
        fields = ("submission", "answers")
        success_url = "/thanks"

        def form_valid(self, form: object) -> HttpResponseRedirect:
            with transaction.atomic():
                form.save()  # type: ignore[attr-defined]
            return HttpResponseRedirect(self.success_url)

    def health(request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponse("ok")

    globals()["urlpatterns"] = [path("healthz", health), path("form", Create.as_view())]
    sys.modules[__name__] = sys.modules["__main__"]
    from django.core.handlers.wsgi import WSGIHandler

    settings.ROOT_URLCONF = __name__
    serve(WSGIHandler(), host="127.0.0.1", port=port, threads=THREADS, _quiet=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

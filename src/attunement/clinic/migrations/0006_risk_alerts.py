# SPDX-License-Identifier: Apache-2.0
"""Risk answers: alerts, their deliveries, what people did with them, and the rota."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0005_client_answer_withdrawn"),
    ]

    operations: ClassVar = []

# SPDX-License-Identifier: Apache-2.0
"""Deliveries that were sealed on a phone, and what could not be opened."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0010_keys"),
    ]

    operations: ClassVar = []

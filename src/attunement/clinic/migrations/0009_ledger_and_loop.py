# SPDX-License-Identifier: Apache-2.0
"""The rupture ledger and the loop from a question to an agreed change that helped."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0008_capture"),
    ]

    operations: ClassVar = []

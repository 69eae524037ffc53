# SPDX-License-Identifier: Apache-2.0
"""Drop indexes of references that a unique constraint on the same first column answers too.

Every form writes a dozen rows to these tables; each index is one more page to change. The tables
are not written anew for it, so their triggers stay.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

_INDEXES = {  # as Django named them
    ("answer", "response", "answers"): "clinic_answer_response_id_c25808b4",
    ("score", "response", "scores"): "clinic_score_response_id_fa517188",
    ("signalrecord", "session", "signals"): "clinic_signalrecord_session_id_287406a2",
    ("signaljudgement", "session", "judgements"): "clinic_signaljudgement_session_id_115ca18f",
}


def _without(model: str, field: str, related: str, index: str) -> Operation:
    # PostgreSQL has a second one beside it, for patterns.
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"DROP INDEX IF EXISTS {index}",
                f"CREATE INDEX IF NOT EXISTS {index} ON clinic_{model} ({field}_id)",
            ),
            migrations.RunSQL(f"DROP INDEX IF EXISTS {index}_like", migrations.RunSQL.noop),
        ],
        state_operations=[
            migrations.AlterField(
                model_name=model,
                name=field,
                field=models.ForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name=related,
                    to=f"clinic.{field}",
                ),
            )
        ],
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic", "0013_kept_course")]

    operations: ClassVar = [_without(*where, index) for where, index in _INDEXES.items()]

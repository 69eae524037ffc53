# SPDX-License-Identifier: Apache-2.0
"""Budgets, settings, learned models, what people said about signals, and what was judged."""

import attunement.clinic.models.identifiers
import attunement.clinic.models.plain_json
import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from attunement.clinic.store.triggers import SIGNAL_TABLES, create_triggers, drop_triggers


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    create_triggers(schema_editor, SIGNAL_TABLES)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(schema_editor, SIGNAL_TABLES)


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0003_client_birth_year'),
    ]

    operations = [
        migrations.AddField(
            model_name='signalrecord',
            name='asked_rate',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='excess',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='horizon',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='model_version',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='probability',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='raised_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='rate_sentence',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='said',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='signalrecord',
            name='setting_no',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name='LearnedModel',
            fields=[
                ('id', models.CharField(default=attunement.clinic.models.identifiers.new_id, editable=False, max_length=26, primary_key=True, serialize=False)),
                ('measure_id', models.CharField(max_length=60)),
                ('measure_version', models.CharField(max_length=30)),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=30)),
                ('parameters', attunement.clinic.models.plain_json.PlainJSONField()),
                ('source', models.TextField()),
                ('n_dyads', models.PositiveIntegerField()),
                ('n_scores', models.PositiveIntegerField()),
                ('learned_by', models.CharField(max_length=60)),
                ('learned_at', models.DateTimeField()),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='learned_models', to='clinic.practice')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('practice', 'measure_id', 'measure_version', 'number'), name='learned_model_once')],
            },
        ),
        migrations.CreateModel(
            name='NamedRupture',
            fields=[
                ('id', models.CharField(default=attunement.clinic.models.identifiers.new_id, editable=False, max_length=26, primary_key=True, serialize=False)),
                ('perspective', models.CharField(choices=[('client', 'client'), ('therapist', 'therapist')], max_length=10)),
                ('recorded_by', models.CharField(max_length=60)),
                ('recorded_at', models.DateTimeField()),
                ('dyad', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='named_ruptures', to='clinic.dyad')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='named_ruptures', to='clinic.session')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('session', 'perspective'), name='rupture_named_once'), models.CheckConstraint(condition=models.Q(('perspective__in', ['client', 'therapist'])), name='rupture_perspective_known')],
            },
        ),
        migrations.CreateModel(
            name='RuleSetting',
            fields=[
                ('id', models.CharField(default=attunement.clinic.models.identifiers.new_id, editable=False, max_length=26, primary_key=True, serialize=False)),
                ('rule_id', models.CharField(max_length=60)),
                ('number', models.PositiveIntegerField()),
                ('null_rate', models.FloatField()),
                ('horizon', models.PositiveSmallIntegerField()),
                ('note', models.TextField(blank=True, max_length=1000)),
                ('set_by', models.CharField(max_length=60)),
                ('set_at', models.DateTimeField()),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rule_settings', to='clinic.practice')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('practice', 'rule_id', 'number'), name='rule_setting_once'), models.CheckConstraint(condition=models.Q(('horizon__gte', 1), ('null_rate__gt', 0), ('null_rate__lt', 1)), name='rule_setting_in_range')],
            },
        ),
        migrations.CreateModel(
            name='SignalJudgement',
            fields=[
                ('id', models.CharField(editable=False, max_length=26, primary_key=True, serialize=False)),
                ('rule_id', models.CharField(max_length=60)),
                ('rule_version', models.CharField(max_length=30)),
                ('setting_no', models.PositiveIntegerField(default=0)),
                ('model_version', models.CharField(blank=True, max_length=60)),
                ('raised_at', models.DateTimeField()),
                ('statistic', models.FloatField(blank=True, null=True)),
                ('flags_from', models.FloatField(blank=True, null=True)),
                ('flagged', models.BooleanField()),
                ('dyad', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='judgements', to='clinic.dyad')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='judgements', to='clinic.session')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('session', 'rule_id'), name='judgement_once')],
            },
        ),
        migrations.CreateModel(
            name='SignalOutcome',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('signal_id', models.CharField(db_index=True, max_length=26)),
                ('rule_id', models.CharField(max_length=60)),
                ('rule_version', models.CharField(max_length=30)),
                ('setting_no', models.PositiveIntegerField(default=0)),
                ('model_version', models.CharField(blank=True, max_length=60)),
                ('asked_rate', models.FloatField(blank=True, null=True)),
                ('probability', models.FloatField(blank=True, null=True)),
                ('threshold', models.FloatField(blank=True, null=True)),
                ('perspective', models.CharField(choices=[('client', 'client'), ('therapist', 'therapist')], max_length=10)),
                ('answer', models.CharField(choices=[('agreed', 'agreed'), ('not_a_rupture', 'not a rupture'), ('not_discussed', 'not discussed'), ('confirmed', 'confirmed by the client'), ('denied', 'denied by the client')], max_length=20)),
                ('reason', models.TextField(blank=True, max_length=1000)),
                ('recorded_by', models.CharField(max_length=60)),
                ('recorded_at', models.DateTimeField()),
                ('dyad', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outcomes', to='clinic.dyad')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outcomes', to='clinic.session')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('answer__in', ['agreed', 'not_a_rupture', 'not_discussed']), ('perspective', 'therapist')), models.Q(('answer__in', ['confirmed', 'denied']), ('perspective', 'client')), _connector='OR'), name='outcome_of_its_chair')],
            },
        ),
        migrations.CreateModel(
            name='SignalShown',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('week', models.DateField()),
                ('shown_at', models.DateTimeField()),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shown', to='clinic.session')),
                ('therapist', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shown', to='clinic.therapist')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('session', 'week'), name='shown_once_a_week')],
            },
        ),
        migrations.CreateModel(
            name='TherapistBudget',
            fields=[
                ('id', models.CharField(default=attunement.clinic.models.identifiers.new_id, editable=False, max_length=26, primary_key=True, serialize=False)),
                ('per_week', models.PositiveSmallIntegerField()),
                ('set_by', models.CharField(max_length=60)),
                ('set_at', models.DateTimeField()),
                ('therapist', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='budgets', to='clinic.therapist')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('per_week__lte', 20)), name='budget_in_range')],
            },
        ),
        migrations.RunPython(forwards, backwards),
    ]

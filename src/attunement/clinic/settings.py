# SPDX-License-Identifier: Apache-2.0
"""Django's settings, made from the file that ``ATTUNEMENT_CONFIG`` names."""

from __future__ import annotations

import os

from attunement.clinic.config.django_settings import django_settings
from attunement.clinic.config.read import load_config

globals().update(django_settings(load_config(None, environ=os.environ)))

# SPDX-License-Identifier: Apache-2.0
"""Who may do what, and which route does what."""

from __future__ import annotations

from attunement.clinic.access.policy import (
    RULES,
    Action,
    Actor,
    ActorRole,
    Decision,
    Relation,
    may,
    may_in_any,
)
from attunement.clinic.access.routes import check_routes, declared_permission, permission

__all__ = [
    "RULES",
    "Action",
    "Actor",
    "ActorRole",
    "Decision",
    "Relation",
    "check_routes",
    "declared_permission",
    "may",
    "may_in_any",
    "permission",
]

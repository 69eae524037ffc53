# SPDX-License-Identifier: Apache-2.0
"""The pages about signals say what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from attunement.signals import CLASSICAL_RULES, DEFAULT_RULES, OAC_RULES, RULES, Reason, Rule

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "signals.md").read_text(encoding="utf-8")
CLASSICAL = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
EXPLANATION = (DOCS / "explanation" / "signals.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", [*RULES, *OAC_RULES], ids=lambda rule: rule.id)
def test_reference_has_every_rule_with_its_state(rule: Rule) -> None:
    rows = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{rule.id}` ")]
    assert len(rows) == 1
    expected = "yes" if rule in DEFAULT_RULES else "no" if rule in RULES else "in `oac_signals`"
    assert rows[0].rstrip(" |").endswith(expected)


def test_explanation_has_every_reason() -> None:
    for reason in Reason:
        if reason is not Reason.EVALUABLE:
            assert f"`{reason.name.lower()}`" in EXPLANATION


@pytest.mark.parametrize("rule", CLASSICAL_RULES, ids=lambda rule: rule.id)
def test_page_of_rules_has_every_formula_and_what_looks_ahead(rule: Rule) -> None:
    state = "yes" if rule.prospective else "**no**"
    assert f"| `{rule.id}` | {state} | {rule.formula.replace('|', '∣')} |" in CLASSICAL

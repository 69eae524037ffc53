# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from attunement.models import MixedFit, fit_mixed


def _sleep(*, restricted: bool) -> MixedFit:
    folder = Path(os.environ["ATTUNEMENT_REFERENCE_DATA"])
    with (folder / "multilevel" / "sleepstudy.csv").open(encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["Subject"], int(row["Days"])))
    y = np.array([float(row["Reaction"]) for row in rows])
    x = np.array([[1.0, float(row["Days"])] for row in rows])
    people = [row["Subject"] for row in rows]
    first = [k for k, who in enumerate(people) if k == 0 or people[k - 1] != who]
    return fit_mixed(y, x, x, np.array([*first, len(rows)]), restricted=restricted)


@pytest.mark.reference
def test_mixed_model_agrees_with_lme4_on_the_sleep_data() -> None:
    # lme4 and MixedModels, Reaction ~ Days + (Days | Subject), REML (fixtures' README)
    fit = _sleep(restricted=True)
    assert fit.fixed == pytest.approx([251.40510, 10.46729], abs=5e-5)
    assert fit.fixed_se == pytest.approx([6.82460, 1.54579], abs=5e-4)
    assert fit.random_covariance[0, 0] == pytest.approx(612.1002, abs=0.05)
    assert fit.random_covariance[1, 1] == pytest.approx(35.0717, abs=0.005)
    assert fit.random_covariance[0, 1] == pytest.approx(9.6044, abs=0.01)
    assert fit.residual_variance == pytest.approx(654.940, abs=0.01)
    assert fit.log_likelihood == pytest.approx(-871.8141, abs=5e-5)
    assert (fit.n_rows, fit.n_groups, fit.singular) == (180, 18, False)


@pytest.mark.reference
def test_mixed_model_agrees_with_lme4_by_maximum_likelihood() -> None:
    assert _sleep(restricted=False).log_likelihood == pytest.approx(-875.9697, abs=5e-5)

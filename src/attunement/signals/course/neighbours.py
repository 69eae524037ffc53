# SPDX-License-Identifier: Apache-2.0
"""Expected response from the people who were most alike at the beginning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from attunement.models import MixedFit
from attunement.signals.batch import IntArray
from attunement.signals.course.model import Archive, CourseModel
from attunement.signals.series import FloatArray

MOST_ALIKE = 40


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The archive as points: what each was like at the beginning, and each one's own course.

    Parameters
    ----------
    model : CourseModel
        Its reach and its residual variance hold here too.
    tree : scipy.spatial.cKDTree
        Of the standardised features.
    centre, spread : numpy.ndarray, shape (features,)
        For the standardisation.
    course : numpy.ndarray, shape (people, 2)
        Each person's own level and slope over ln s (empirical Bayes).
    k : int
        How many are asked.
    """

    model: CourseModel
    tree: cKDTree
    centre: FloatArray
    spread: FloatArray
    course: FloatArray
    k: int

    def expected(self, features: FloatArray, sessions: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and SD of the score of a new person, shape (rows,) each.

        The SD holds the neighbours' spread, the error of their mean, and the occasion's noise.
        """
        _, nearest = self.tree.query((features - self.centre) / self.spread, k=self.k)
        late = np.log(sessions.astype(np.float64))
        theirs = self.course[nearest]  # (rows, k, 2)
        at = theirs[..., 0] + theirs[..., 1] * late[:, np.newaxis]
        spread = at.var(axis=1, ddof=1) * (1.0 + 1.0 / self.k)
        return at.mean(axis=1), np.sqrt(spread + self.model.residual_variance)


def learn_neighbours(
    archive: Archive,
    features: FloatArray,
    model: CourseModel,
    fit: MixedFit,
    *,
    k: int = MOST_ALIKE,
) -> Neighbours:
    """Prepare an archive for the question who was most alike.

    Parameters
    ----------
    archive : Archive
        The people the model was learned from.
    features : numpy.ndarray, shape (people, features)
        What is known of each at the beginning, the first score among it; without missing values.
    model, fit : CourseModel, MixedFit
        From `learn_course` on the same archive.
    k : int
        How many are asked; 30 to 50 are usual.

    Notes
    -----
    Standardised Euclidean distance; the neighbours' empirical Bayes courses are averaged. The
    approach of Lutz and colleagues as it is generally described; its exact form was not seen.
    """
    spread = features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    centre = features.mean(axis=0)
    apart = archive.first - model.centre
    level = model.fixed[0] + model.fixed[1] * apart + fit.conditional[:, 0]
    slope = model.fixed[2] + model.fixed[3] * apart + fit.conditional[:, 1]
    return Neighbours(
        model=model,
        tree=cKDTree((features - centre) / spread),
        centre=centre,
        spread=spread,
        course=np.column_stack((level, slope)),
        k=min(k, archive.n_people),
    )

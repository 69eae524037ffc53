# SPDX-License-Identifier: Apache-2.0
"""Data frames in, the same kind out: answers scored, ratings of dyads read."""

from __future__ import annotations

from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_plan import RatingColumns, Said
from attunement.frames.ratings_reading import DyadRatings, Ratings, ratings
from attunement.frames.ratings_scale import ScoreScale

__all__ = [
    "DyadRatings",
    "RatingColumns",
    "Ratings",
    "RatingsError",
    "Said",
    "ScoreScale",
    "ratings",
]

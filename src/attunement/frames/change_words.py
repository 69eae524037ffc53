# SPDX-License-Identifier: Apache-2.0
"""Reliable change of many people in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attunement.frames.change_reading import TwoScores
from attunement.frames.course_scale import CourseScale
from attunement.signals.change import (
    Category,
    Missing,
    Norms,
    Sample,
    Verdicts,
    formula_words,
    unreliable_zone,
)
from attunement.signals.change.wording import short

CATEGORY = {
    Category.NONE: None,
    Category.RECOVERED: "recovered",
    Category.IMPROVED: "improved",
    Category.UNCHANGED: "unchanged",
    Category.DETERIORATED: "deteriorated",
    Category.HARMED: "harmed",
    Category.NOT_ATTAINABLE: "not_attainable",
}
REASON = {
    Missing.NOTHING: None,
    Missing.NO_PRE: "no_first_score",
    Missing.NO_POST: "no_second_score",
    Missing.NEITHER: "neither_score",
    Missing.NO_RELIABLE_DIFFERENCES: "differences_not_reliable",
    Missing.NO_MODEL: "no_growth_model",
}
_MEANS = {
    Category.RECOVERED: "reliably better, and moved from the clinical to the functional range",
    Category.IMPROVED: "reliably better",
    Category.UNCHANGED: "no more than chance may do, which is not proof of no change",
    Category.DETERIORATED: "reliably worse",
    Category.HARMED: "reliably worse, and moved from the functional to the clinical range",
    Category.NOT_ATTAINABLE: "the scale left no room for a reliable improvement",
}
_WHY = {
    Missing.NO_PRE: "the first score is missing",
    Missing.NO_POST: "the second score is missing",
    Missing.NEITHER: "both scores are missing",
    Missing.NO_RELIABLE_DIFFERENCES: "the differences of these people have no reliability to speak "
    "of",
    Missing.NO_MODEL: "the scores cannot carry a growth model",
}
DISAGREE = (
    "They ask different questions, so choose one before you look, and report which; the same table "
    "under another method is another result."
)
ALLIANCE = (
    "An alliance is rated anew in each session: take a reliability within persons over sessions, "
    "not an alpha."
)


def direction_of(verdicts: Verdicts) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Return 1 for better, −1 for worse, 0 for neither, for everybody who has a verdict."""
    category = verdicts.category
    better = np.isin(category, (Category.RECOVERED, Category.IMPROVED))
    worse = np.isin(category, (Category.DETERIORATED, Category.HARMED))
    return better.astype(np.int8) - worse.astype(np.int8)


def disagreement(found: Sequence[Verdicts]) -> tuple[int, int]:
    """Return about how many people methods disagree, and how many have two verdicts or more."""
    if not found:
        return 0, 0
    side = np.array([direction_of(one) for one in found], dtype=np.float64)
    side[np.array([one.category == Category.NONE for one in found])] = np.nan
    several = (~np.isnan(side)).sum(axis=0) > 1
    if not several.any():
        return 0, 0
    spread = np.nanmax(side[:, several], axis=0) - np.nanmin(side[:, several], axis=0)
    return int((spread > 0).sum()), int(several.sum())


def summary_words(
    people: TwoScores,
    *,
    scale: CourseScale,
    construct: str,
    sample: Sample,
    found: Sequence[Verdicts],
    cutoff: str,
    left_out: Sequence[str],
) -> str:
    """Return what was compared, what each method says, and where they disagree."""
    n, both = people.pre.size, ~np.isnan(people.pre) & ~np.isnan(people.post)
    what = f"Reliable {construct} change" if construct else "Reliable change"
    counted = (
        f"{people.rows:,} row{'s' if people.rows != 1 else ''} read; {n:,} people, "
        f"{int(both.sum()):,} with both scores, {int(n - both.sum()):,} without a verdict."
    )
    known = (
        f"Reliability {short(sample.reliability)}; first occasion: mean {short(sample.pre.mean)}, "
        f"SD {short(sample.pre.sd)}; standard error of measurement {short(sample.error)}."
    )
    lines = [
        f"{what} in “{people.score_name}” {people.said} ({scale.better} is better)",
        counted,
        known,
        _cutoff_line(cutoff, found),
        *_table(found, scale),
    ]
    apart, of = disagreement(found)
    if len(found) > 1:
        lines.append(
            f"The methods disagree on {apart:,} of {of:,} people: {_range(found)}. {DISAGREE}"
            if apart
            else f"The methods agree on the direction of all {of:,} people."
        )
    lines += [f"Not asked: {one}" for one in left_out]
    if construct == "alliance":
        lines.append(ALLIANCE)
    return "\n".join(lines)


def _cutoff_line(cutoff: str, found: Sequence[Verdicts]) -> str:
    values = [one.cutoff for one in found if one.method.id != "hageman_arrindell"]
    known = next((value for value in values if value is not None), None)
    if not cutoff or known is None:
        return "No cut-off is known, so nobody is called recovered or harmed."
    other = next((one.cutoff for one in found if one.method.id == "hageman_arrindell"), None)
    more = "" if other is None or other == known else f" ({short(other)} for Hageman–Arrindell)"
    return f"Cut-off between the clinical and the functional range, {cutoff}: {short(known)}{more}."


def _table(found: Sequence[Verdicts], scale: CourseScale) -> list[str]:
    """Lay the counts out, leaving out columns that could not have been filled."""
    with_cut = any(one.cutoff is not None for one in found)
    wanted = [
        one
        for one in Category
        if one is not Category.NONE
        and (with_cut or one not in {Category.RECOVERED, Category.HARMED})
        and (scale.bounds is not None or one is not Category.NOT_ATTAINABLE)
    ]
    names = [str(CATEGORY[one]).replace("_", " ") for one in wanted] + ["no verdict"]
    first = max((len(one.method.title) for one in found), default=6)
    rows = ["".join((" " * first, *(f"  {name:>12}" for name in names))).rstrip()]
    for one in found:
        counts = [int((one.category == kind).sum()) for kind in (*wanted, Category.NONE)]
        cells = (
            f"  {count:>{max(12, len(name))},}" for count, name in zip(counts, names, strict=True)
        )
        rows.append(f"{one.method.title:<{first}}{''.join(cells)}")
    return rows


def _range(found: Sequence[Verdicts]) -> str:
    better = [(int((direction_of(one) > 0).sum()), one.method.title) for one in found]
    low, high = min(better), max(better)
    return f"from {low[0]:,} better ({low[1]}) to {high[0]:,} ({high[1]})"


def row_words(
    who: object,
    at: int,
    *,
    people: TwoScores,
    one: Verdicts,
    sample: Sample,
    higher_is_better: bool,
) -> str:
    """Return one person's verdict by one method, with the numbers it rests on."""
    method, pre, post = one.method, float(people.pre[at]), float(people.post[at])
    source = f"Source: {method.source}. {method.note}"
    category = Category(int(one.category[at]))
    if category is Category.NONE:
        why = _WHY[Missing(int(one.missing[at]))]
        return f"{who}, {method.title}: no verdict, because {why}. {source}"
    change = post - pre
    moved = "did not change" if change == 0 else f"{'rose' if change > 0 else 'fell'}"
    by = f" by {short(abs(change))}, from {short(pre)} to {short(post)}" if change else ""
    named = str(CATEGORY[category]).replace("_", " ")
    formula = formula_words(method, pre, post, sample)
    statistic = float(one.statistic[at])
    beyond = "beyond" if abs(statistic) > method.critical else "not beyond"
    lines = [
        f"{who}, {method.title}: {named} ({_MEANS[category]}).",
        f"The score {moved}{by} ({'higher' if higher_is_better else 'lower'} is better).",
        f"Statistic {short(statistic)}, {beyond} ±{short(method.critical)}: {formula}.",
    ]
    zone = unreliable_zone(method, people.pre[at : at + 1], sample)
    if zone is not None:
        low, high = float(zone[0][0]), float(zone[1][0])
        lines.append(
            f"From {short(pre)}, second scores between {short(low)} and {short(high)} are no "
            "reliable change."
        )
    if one.cutoff is not None:
        lines.append(f"Cut-off between the ranges: {short(one.cutoff)}.")
    return " ".join((*lines, source))


def cutoff_words(cutoff: str | float | None, functional: Norms | None) -> str:
    """Say which cut-off was used; an empty text where none was."""
    kinds = {
        "a": "kind a (two SDs beyond the clinical mean)",
        "b": "kind b (two SDs from the functional mean)",
        "c": "kind c (between both populations)",
    }
    if cutoff is None:
        return kinds["c"] if functional is not None else ""
    return kinds.get(cutoff, "") if isinstance(cutoff, str) else "as given"

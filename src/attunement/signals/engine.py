# SPDX-License-Identifier: Apache-2.0
"""Judge many series: in blocks that fit the nearest caches, on as many threads as there are.

One series runs through the kernels as they stand, on lists; many run through their compiled twins,
on arrays. The answers are the same to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from attunement.kernels import detect
from attunement.kernels.compiling import Settled
from attunement.signals.archive import Archive
from attunement.signals.batch import Batch, Judgements
from attunement.signals.errors import SignalError
from attunement.signals.gains.losses import SUDDEN_LOSS, judge_losses
from attunement.signals.planning import LANES, Block, F, Kernel, Plan, Usual, run_memory
from attunement.signals.plans import plan_of
from attunement.signals.ruling import Rule

COMPILE_FROM = 20_000  # rows × rules; below it the plain kernels are done before numba is loaded
# What is known of a block's rows stays in the nearest caches; a thread goes into Python as often.
BLOCK_BYTES = 1 << 20
MOST_BLOCK_ROWS = 1 << 15
_MOST_RULES = 64
_BITS = (np.uint8, np.uint16, np.uint32, np.uint64)

Array = Any


@dataclass(frozen=True, slots=True)
class Screening:
    """The flags of several rules on every row, one bit per rule in the order of ``rules``.

    Parameters
    ----------
    rules : tuple of Rule
        Bit 0 is the first.
    flagged, evaluable : numpy.ndarray of unsigned integers, shape (N,)
        Whether a rule asks its question at a row, and whether it could judge it.
    """

    rules: tuple[Rule, ...]
    flagged: NDArray[Any]
    evaluable: NDArray[Any]

    def of(self, rule_id: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return one rule's flags and evaluable rows."""
        at = [rule.id for rule in self.rules].index(rule_id)
        return (self.flagged >> at & 1).astype(np.bool_), (self.evaluable >> at & 1).astype(
            np.bool_
        )


def judge_batch(
    batch: Batch,
    rule: Rule,
    *,
    archive: Archive,
    null_rate: float | None = None,
    horizon: int | None = None,
    model: object | None = None,
    threads: int | None = None,
    compile_from: int = COMPILE_FROM,
) -> Judgements:
    """Return one rule's answer on every row of a batch.

    Parameters
    ----------
    batch : Batch
        Scores of many dyads on one version of one measure. A new version is a new series: the
        caller gives it as a dyad of its own.
    rule : Rule
        A rule that reads one series of totals.
    archive : Archive
        What is usual, in the units of the batch.
    null_rate, horizon, model
        Asked of the house rule only. A classical rule has the numbers it has.
    threads : int or None
        Threads of a compiled run; all processors by default.
    compile_from : int
        Number of rows from which the compiled kernels run. The answers are the same.

    Returns
    -------
    Judgements
        A row that could not be judged has a reason and is never "no signal".

    Raises
    ------
    SignalError
        ``E-SIGNAL-005`` if the archive is off the scale, ``E-SIGNAL-006`` if the rule reads more
        than one series or cannot be asked for a null rate.
    """
    _no_model(rule, null_rate=null_rate, horizon=horizon, model=model)
    usual = _usual(batch, archive)
    if rule.detector == SUDDEN_LOSS:
        many = threads or os.cpu_count() or 1
        return judge_losses(batch, rule.params, archive, threads=many, compile_from=compile_from)
    plan = plan_of(rule, usual)
    if batch.n_rows < compile_from:
        return _plain(batch, plan, usual)
    out = _room(batch.n_rows)

    def work(block: Block, first_row: int, kernels: Kernels) -> None:
        kernel = kernels.of_plan(plan)
        last_row = first_row + block.rows
        part = tuple(array[first_row:last_row] for array in out)
        plan.judge(block, kernel, part)
        if usual.scale.mirrored:
            both_ends = usual.scale.minimum + usual.scale.maximum
            kernel(detect.mirror)(block.rows, both_ends, detect.Out(*part))

    for_each_block(batch, usual, (plan,), work, threads)
    return _judgements(out)


def screen_batch(
    batch: Batch,
    rules: Sequence[Rule],
    *,
    archive: Archive,
    threads: int | None = None,
    compile_from: int = COMPILE_FROM,
) -> Screening:
    """Ask several rules at once and keep flags only: two bits per row and rule.

    Parameters
    ----------
    batch, archive, threads, compile_from
        As for `judge_batch`; ``compile_from`` counts rows × rules.
    rules : sequence of Rule
        At most 64 rules that read one series of totals.

    Returns
    -------
    Screening
        The same flags as `judge_batch` gives for each.

    Raises
    ------
    SignalError
        As `judge_batch`; ``E-SIGNAL-006`` for more than 64 rules.
    """
    if len(rules) > _MOST_RULES:
        raise SignalError(
            "E-SIGNAL-006",
            what="too many rules are asked at once",
            got=f"{len(rules)} rules",
            expected=f"at most {_MOST_RULES}",
            next_step="Ask in two rounds",
        )
    usual = _usual(batch, archive)
    plans = [plan_of(rule, usual) for rule in rules]
    kind: type[Any] = next(one for one in _BITS if np.iinfo(one).bits >= len(rules))
    if batch.n_rows * len(rules) < compile_from:
        return _screen_plainly(batch, rules, plans, usual, kind)
    from attunement.scoring.memory import lend  # noqa: PLC0415 -- loads what only bulk work needs

    flags: Array = lend("flags", (batch.n_rows,), kind)
    judged: Array = lend("judged", (batch.n_rows,), kind)
    if not plans:
        flags[:], judged[:] = 0, 0
    # The mean of the last m is one column, so rules with another m take another round.
    rounds: dict[int, list[tuple[int, Plan]]] = {}
    common = max((plan.recent for plan in plans), default=0)
    for at, plan in enumerate(plans):
        rounds.setdefault(plan.recent or common, []).append((at, plan))
    bits = [kind(1 << at) for at in range(len(plans))]
    for number, asked in enumerate(rounds.values()):

        def work(
            block: Block,
            first_row: int,
            kernels: Kernels,
            number: int = number,
            asked: list[tuple[int, Plan]] = asked,
        ) -> None:
            rows = slice(first_row, first_row + block.rows)
            room, flagged, known = kernels.room(), flags[rows], judged[rows]
            if number == 0:  # the memory may hold an earlier result
                flagged[:], known[:] = 0, 0
            for at, plan in asked:
                plan.mark(block, kernels.of_plan(plan, kind), room, (bits[at], flagged, known))

        for_each_block(batch, usual, [plan for _, plan in asked], work, threads)
    return Screening(tuple(rules), flags, judged)


def _screen_plainly(
    batch: Batch, rules: Sequence[Rule], plans: Sequence[Plan], usual: Usual, kind: type[Any]
) -> Screening:
    """Screen a few rows without a compiler."""
    flags: Array = np.zeros(batch.n_rows, dtype=kind)
    judged: Array = np.zeros(batch.n_rows, dtype=kind)
    for at, plan in enumerate(plans):
        found = _plain(batch, plan, usual)
        flags |= found.flagged.astype(kind) << kind(at)
        judged |= found.evaluable.astype(kind) << kind(at)
    return Screening(tuple(rules), flags, judged)


def _no_model(
    rule: Rule, *, null_rate: float | None, horizon: int | None, model: object | None
) -> None:
    if null_rate is None and horizon is None and model is None:
        return
    raise SignalError(
        "E-SIGNAL-006",
        what=f"the rule {rule.id} cannot be asked for a null rate, a horizon or a model",
        got="null_rate, horizon or model",
        expected="the house rule, or none of the three",
        next_step="Choose the house rule, or give the rule other numbers with with_params",
    )


def _usual(batch: Batch, archive: Archive) -> Usual:
    return Usual.of(
        archive,
        minimum=batch.minimum,
        maximum=batch.maximum,
        step=batch.step,
        higher_is_better=batch.higher_is_better,
    )


def _room(rows: int) -> tuple[Array, ...]:
    """Return room for the answers of ``rows`` rows, in the order of `Judgements`."""
    return (
        np.empty(rows),
        np.empty(rows, dtype=np.bool_),
        np.empty(rows, dtype=np.int8),
        np.empty(rows),
        np.empty(rows),
        np.empty(rows, dtype=np.int32),
    )


def _judgements(out: tuple[Array, ...]) -> Judgements:
    statistic, flagged, reason, expected, limit, n_used = out
    return Judgements(statistic, flagged, reason, expected, limit, n_used)


def _as_it_stands(function: F, /) -> F:
    return function


def _plain(batch: Batch, plan: Plan, usual: Usual) -> Judgements:
    """Judge a few rows without a compiler: the same functions, on lists."""
    n = batch.n_rows
    out: tuple[list[Any], ...] = tuple([0] * n for _ in range(6))
    if n:
        values, sessions = batch.values.tolist(), batch.sessions.tolist()
        starts = batch.starts.tolist()
        f = _columns(n, {*plan.columns}, plain=True)
        longest = int(np.diff(batch.starts).max())
        block = Block(
            sessions,
            starts,
            0,
            batch.n_dyads,
            n,
            f,
            np.empty(2 * longest + 1),
            1,
            run_memory(longest, 1, plain=True),
            list(range(batch.n_dyads)),
            ([0.0] * n, [0.0] * n),
        )
        detect.run_along(values, sessions, starts, 0, batch.n_dyads, plan.recent, usual.scale, f)
        plan.judge(block, _as_it_stands, out)
        if usual.scale.mirrored:
            both_ends = usual.scale.minimum + usual.scale.maximum
            detect.mirror(n, both_ends, detect.Out(*out))
    kinds = (np.float64, np.bool_, np.int8, np.float64, np.float64, np.int32)
    return _judgements(
        tuple(np.array(one, dtype=kind) for one, kind in zip(out, kinds, strict=True))
    )


def _columns(rows: int, asked: set[str], *, plain: bool) -> detect.Running:
    """Return room for what is known before each row; columns not asked for have length 0."""

    def room(group: str = "", kind: type[Any] = np.float64) -> Array:
        wanted = rows if not group or group in asked else 0
        return [0.0] * wanted if plain else np.empty(wanted, dtype=kind)

    return detect.Running(
        x=room(),
        n=room(kind=np.int32),
        gap=room(kind=np.int32),
        best=room(kind=np.int32),
        last=room(),
        mean=room(),
        own=room("own"),
        moving=room("moving"),
        base=room("base"),
        spread=room("base"),
        line=room("line"),
        line_factor=room("line"),
        recent=room("recent"),
        middle=room("middle"),
        all_mean=room("whole"),
        all_own=room("whole"),
        all_moving=room("whole"),
        all_n=room("whole", np.int32),
    )


def _blocks(batch: Batch, rows: int) -> list[tuple[int, int]]:
    """Return ranges of dyads of about so many rows; a longer dyad is a block of its own."""
    wanted = np.arange(0, batch.n_rows + rows, rows)
    edges = np.unique(np.searchsorted(batch.starts, wanted, side="left"))
    edges = np.unique(np.append(np.minimum(edges, batch.n_dyads), [0, batch.n_dyads]))
    return list(pairwise(edges.tolist()))


def _block_rows(asked: set[str]) -> int:
    """Return how many rows of the columns that are asked for make a block."""
    one = _columns(1, asked, plain=False)
    row = sum(int(column.nbytes) for column in one)
    return min(BLOCK_BYTES // row, MOST_BLOCK_ROWS)


# Compiled kernels that know the types of their arguments, by those types. To find the types out
# takes longer than to judge a thousand series, so it is done once for a process.
_SETTLED: dict[tuple[Any, ...], dict[Any, Settled]] = {}


class Kernels:
    """One thread's compiled kernels, and its room for the answers of a block.

    Parameters
    ----------
    layout : tuple
        What the types of the arrays of a run hang on.
    rows : int
        Rows of the largest block.
    """

    def __init__(self, layout: tuple[Any, ...], rows: int) -> None:
        """Begin without room."""
        self._layout, self._rows = layout, rows
        self._room: tuple[Array, ...] = ()
        self._found: dict[int, Kernel] = {}

    def of_plan(self, plan: Plan, *types: Any) -> Kernel:
        """Return where a plan's kernels are looked up; the plan is asked for its types once.

        The plan must outlive this object, and ``types`` be the same each time.
        """
        found = self._found.get(id(plan))
        if found is None:
            found = self._found[id(plan)] = self.of(*types, *_types(plan))
        return found

    def of(self, *types: Any) -> Kernel:
        """Return where the kernels for a rule of such types are looked up."""
        known = _SETTLED.setdefault((*self._layout, *types), {})

        def kernel(function: F, /) -> F:
            if function not in known:
                known[function] = Settled(function)
            return cast("F", known[function])

        return kernel

    def room(self) -> tuple[Array, ...]:
        """Return the same room for a block's answers each time."""
        if not self._room:
            self._room = _room(self._rows)
        return self._room


def _types(plan: Plan) -> tuple[Any, ...]:
    """Return what the types of a plan's numbers are."""
    return (type(plan), *(type(number) for number in plan.p))


def _layout(*arrays: Array) -> tuple[Any, ...]:
    """Return what the compiled type of each array hangs on."""
    return tuple(
        (one.dtype, one.flags.c_contiguous, one.flags.writeable, one.flags.aligned)
        for one in arrays
    )


def for_each_block(
    batch: Batch,
    usual: Usual,
    plans: Sequence[Plan],
    work: Callable[[Block, int, Kernels], None],
    threads: int | None = None,
) -> None:
    """Run through each block once and hand what is known of its rows to ``work``.

    ``work(block, first_row, kernels)`` is called from several threads, each time with memory that
    belongs to the thread.
    """
    asked = {name for plan in plans for name in plan.columns}
    recent = max((plan.recent for plan in plans), default=0)
    blocks = _blocks(batch, _block_rows(asked))
    if not blocks:
        return
    rows = max(int(batch.starts[last] - batch.starts[first]) for first, last in blocks)
    longest = int(np.diff(batch.starts).max())
    most_dyads = max(last - first for first, last in blocks)
    layout = _layout(batch.values, batch.sessions, batch.starts)
    todo = iter(blocks)  # shared: a thread that is held up takes fewer

    def share(_: int) -> None:
        kernels = Kernels(layout, rows)
        run_along = kernels.of()(detect.run_along)
        f = _columns(rows, asked, plain=False)
        ordered = np.empty(2 * longest + 1)
        runs = run_memory(longest, LANES, plain=False)
        order = np.empty(most_dyads, dtype=np.int64)
        limits = (np.empty(rows), np.empty(rows))
        for first, last in todo:
            first_row = int(batch.starts[first])
            sessions = batch.sessions[first_row:]
            block = Block(
                sessions,
                batch.starts,
                first,
                last,
                int(batch.starts[last]) - first_row,
                f,
                ordered,
                LANES,
                runs,
                order,
                limits,
            )
            values = batch.values[first_row:]
            run_along(values, sessions, batch.starts, first, last, recent, usual.scale, f)
            work(block, first_row, kernels)

    workers = min(threads or os.cpu_count() or 1, len(blocks))
    if workers <= 1:
        share(0)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(share, range(workers)))

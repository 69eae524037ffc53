# SPDX-License-Identifier: Apache-2.0
"""From a plain function to a compiled one, on demand.

There is one rule, written once. A clinic process runs it as it is; a bulk run compiles the same
function. numba is imported here, inside the call, and nowhere else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_COMPILED: dict[FunctionType, Any] = {}
_LOCK = threading.RLock()


def compiled(function: F) -> F:
    """Return ``function`` compiled to machine code, with the helpers of its module that it calls.

    Parameters
    ----------
    function : callable
        A plain Python function over numpy arrays. Every plain function of the same module that
        its code names is compiled with it.

    Returns
    -------
    callable
        The compiled twin, the same object on every call. It releases the interpreter lock, so
        that threads run it side by side, and is cached on disk where a folder for that can be
        written.

    Notes
    -----
    A module may name the locals of its functions that are places in arrays and never negative
    (``PLACES``): an index that may be negative must be looked at before each use.

    ``fastmath`` is never set: it would delete the test that finds a missing value. Division
    follows the hardware (``error_model="numpy"``), so a kernel guards its own denominators; that
    keeps the plain and the compiled run equal to the last bit.
    """
    if not isinstance(function, FunctionType):
        message = "compiled() takes a plain function"
        raise TypeError(message)
    with _LOCK:
        if function not in _COMPILED:
            _COMPILED[function] = _compile(function)
        twin: F = _COMPILED[function]
    return twin


class Settled:
    """A compiled function that is called many times with arguments of the same types.

    Finding out the type of a named tuple of arrays takes longer than many a block of rows. Here it
    is found out at the first call; later ones go straight to the machine code, so that the caller
    answers for giving arguments of the same types each time: the same arrays, or slices of them.

    Parameters
    ----------
    function : callable
        As for `compiled`.
    """

    __slots__ = ("_entry", "_twin")

    def __init__(self, function: Callable[..., Any]) -> None:
        self._twin: Any = compiled(function)
        self._entry: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Call the machine code."""
        if self._entry is not None:
            return self._entry(*arguments)
        result = self._twin(*arguments)
        import numba  # noqa: PLC0415 -- see `_compile`

        typeof: Callable[[Any], Any] = numba.typeof
        types = tuple(typeof(one) for one in arguments)
        found = self._twin.overloads.get(types)
        self._entry = self._twin if found is None else found.entry_point
        return result


def _compile(function: FunctionType) -> Any:
    import numba  # noqa: PLC0415 -- half a second that only bulk work should pay for

    names = dict(function.__globals__)
    for name in function.__code__.co_names:
        helper = names.get(name)
        if isinstance(helper, FunctionType) and helper.__module__ == function.__module__:
            names[name] = compiled(helper)
    twin = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
    twin.__qualname__ = function.__qualname__
    twin.__module__ = function.__module__
    named = set(names.get("PLACES", ())) & set(function.__code__.co_varnames)
    wanted: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "locals": dict.fromkeys(sorted(named), numba.uintp),
    }
    try:
        kept = numba.njit(cache=True, **wanted)(twin)
    except RuntimeError:  # no folder where the machine code could be kept: compile every time
        return numba.njit(**wanted)(twin)
    _forget_unreadable(kept)
    return kept


def _forget_unreadable(kept: Any) -> None:
    """Empty a function's list of kept machine code that names a type which is no longer there.

    numba compares the age of the list with that of the source only after reading it, so a list
    from before a type of the module was renamed stops every call.
    """
    cache = getattr(kept, "_cache", None)
    listed = getattr(cache, "_cache_file", None)
    if cache is None or listed is None:
        return
    try:
        listed._load_index()  # noqa: SLF001 -- numba has no public way to ask
    except Exception:  # noqa: BLE001 -- whatever the reason, what cannot be read is of no use
        cache.flush()

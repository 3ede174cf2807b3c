"""Beam asks the same questions thousands of times while it builds and runs a small pipeline; here it remembers the answers.

More than half of a small run goes into the signatures of the same few hundred functions, argument parsers of the same few
classes of options, the state of the same few classes of functions, and lists of the same modules. The suite, which has hundreds
of small runs in its own process and as many in processes that are forked, remembers them. Processes that are started, and not
forked, have Beam as it is: workers, job services, and commands whose start, imports or memory is tested.
"""

import argparse
import bz2
import copy
import sys
import types
from collections.abc import Callable
from inspect import Signature
from typing import Any

from .sweeping import leave_alone_what_is_kept

_ASKED = ("apache_beam.options.pipeline_options", "apache_beam.transforms.util")
"""Once these modules are there, so are all that ask."""

_remembering = False


def remember_once_loaded() -> None:
    """Have Beam remember, if some test has imported it and none has done this before."""
    global _remembering
    if not _remembering and all(name in sys.modules for name in _ASKED):
        _remembering = True
        _remember_signatures()
        _remember_options()
        _remember_states()
        _remember_modules()
        _compress_lightly()
        leave_alone_what_is_kept()


def _remember_signatures() -> None:
    from apache_beam.typehints import decorators

    asked = decorators.get_signature
    answer = _remembered(asked)
    for module in list(sys.modules.values()):
        if getattr(module, "get_signature", None) is asked:
            module.get_signature = answer  # type: ignore[attr-defined]


def _remembered(asked: Callable[[Any], Signature]) -> Callable[[Any], Signature]:
    """The same question, asked once of each function; methods of one function, whatever they are bound to, are alike."""
    known: dict[tuple[types.FunctionType, bool], Signature] = {}

    def answer(func: Any) -> Signature:
        is_bound = isinstance(func, types.MethodType)
        function = func.__func__ if is_bound else func
        if not isinstance(function, types.FunctionType) or hasattr(function, "__signature__"):
            return asked(func)
        if (function, is_bound) not in known:
            known[function, is_bound] = asked(func)
        return known[function, is_bound]

    return answer


def _remember_options() -> None:
    from apache_beam.options.pipeline_options import PipelineOptions

    made = PipelineOptions.__init__
    known: dict[tuple[type, tuple[str, ...]], Any] = {}

    def make(self: Any, flags: Any = None, **overrides: Any) -> None:
        key = (type(self), tuple(flags or ()))
        if flags is None or key not in known:
            made(self, flags, **overrides)
            if flags is not None:
                known[key] = copy.deepcopy(self._visible_options)
            return
        self._flags = flags
        self._visible_options = argparse.Namespace(**{name: _own(value) for name, value in vars(known[key]).items()})
        self._all_options = overrides
        for name in self._visible_option_list():
            overrides.setdefault(name, getattr(self._visible_options, name))

    PipelineOptions.__init__ = make
    PipelineOptions._visible_option_list = _names_of


def _names_of(options: Any) -> list[str]:
    """The names of the options of a view: those of its namespace, which alone has no leading underscore."""
    return sorted(name for name in vars(options._visible_options) if name[0] != "_")


def _own(value: Any) -> Any:
    """The value of an option for one that may change it."""
    return copy.deepcopy(value) if isinstance(value, (list, dict)) else value


def _remember_states() -> None:
    """The state and timers of a function that is an object, which its class says, unless it holds methods of others."""
    from apache_beam.transforms import userstate

    asked = userstate.get_dofn_specs
    known: dict[type, tuple[set[Any], set[Any]]] = {}

    def answer(dofn: Any) -> tuple[set[Any], set[Any]]:
        if any(isinstance(value, types.MethodType) for value in vars(dofn).values()):
            return asked(dofn)
        if type(dofn) not in known:
            known[type(dofn)] = asked(dofn)
        states, timers = known[type(dofn)]
        return set(states), set(timers)

    userstate.get_dofn_specs = answer


def _remember_modules() -> None:
    """What all modules hold, which is not counted when values that are kept are measured."""
    from objsize import traverse

    asked = traverse._iter_modules_globals
    known: dict[int, list[Any]] = {}

    def answer() -> list[Any]:
        if len(sys.modules) not in known:
            known.clear()
            known[len(sys.modules)] = list(asked())
        return known[len(sys.modules)]

    traverse._iter_modules_globals = answer


def _compress_lightly() -> None:
    """What is pickled is compressed in small blocks: to make ready and clear large ones takes longer than all else does."""
    from apache_beam.internal import cloudpickle_pickler

    class Lightly:
        """`bz2`, and what it writes `bz2` reads."""

        decompress = staticmethod(bz2.decompress)

        @staticmethod
        def compress(data: bytes, compresslevel: int = 9) -> bytes:
            return bz2.compress(data, 1)

    cloudpickle_pickler.bz2 = Lightly

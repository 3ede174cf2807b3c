"""Beam asks the same questions thousands of times while it builds and runs a small pipeline; here it remembers the answers.

More than a third of a small run goes into the signatures of the same few hundred functions, and into argument parsers of the
same few classes of options. The suite, which has hundreds of small runs in its own process, remembers both. Runs in processes of
their own, such as those of the commands of pages, have Beam as it is.
"""

import copy
import sys
import types
from collections.abc import Callable
from inspect import Signature
from typing import Any

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
        self._visible_options = copy.deepcopy(known[key])
        self._all_options = overrides
        for name in self._visible_option_list():
            overrides.setdefault(name, getattr(self._visible_options, name))

    PipelineOptions.__init__ = make

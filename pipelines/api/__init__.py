"""De-identify order data, test whether people can be re-identified from what is released, and label the result.

This is what ``import beam_deid`` gives: the commands `run` and `assess` as functions, and `deidentify` for tables in memory, which
needs no Apache Beam. They return what a program can read, and raise a `DeidError` with an ``exit_code`` where something is wrong.
They do not print, end the process, or set up logging. All of it is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beam_deid.pipelines.api.assess_data import assess
    from beam_deid.pipelines.api.deidentify_table import deidentify
    from beam_deid.pipelines.api.results import Assessment, Deidentified, Label, ReleaseResult, Result
    from beam_deid.pipelines.api.run_files import run
    from beam_deid.transforms.errors import (
        DeidError,
        EmptyFile,
        ExpectationUnmet,
        InputError,
        InternalFault,
        InUse,
        KeyFault,
        NoSuchKey,
        OutputError,
        PolicyError,
        UsageError,
        VerificationError,
    )
    from beam_deid.transforms.label.record_counts import RecordCounts
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.policy.reader import read_policy

__all__ = [
    "Assessment",
    "DeidError",
    "Deidentified",
    "EmptyFile",
    "ExpectationUnmet",
    "InUse",
    "InputError",
    "InternalFault",
    "KeyFault",
    "Label",
    "NoSuchKey",
    "OutputError",
    "Policy",
    "PolicyError",
    "RecordCounts",
    "ReleaseResult",
    "Result",
    "UsageError",
    "VerificationError",
    "assess",
    "deidentify",
    "read_policy",
    "run",
]

_API = "beam_deid.pipelines.api"
_HOMES = {
    "assess": f"{_API}.assess_data",
    "deidentify": f"{_API}.deidentify_table",
    "run": f"{_API}.run_files",
    "Assessment": f"{_API}.results",
    "Deidentified": f"{_API}.results",
    "Label": f"{_API}.results",
    "ReleaseResult": f"{_API}.results",
    "Result": f"{_API}.results",
    "Policy": "beam_deid.transforms.policy.model",
    "RecordCounts": "beam_deid.transforms.label.record_counts",
    "read_policy": "beam_deid.transforms.policy.reader",
}
"""Where each name is, but for the errors, which are all in one module."""


if not TYPE_CHECKING:  # else any name would be one to a type checker

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        found = getattr(importlib.import_module(_HOMES.get(name, "beam_deid.transforms.errors")), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""What a worker does that is asked, whatever is installed there: this file goes to it as source, and needs only Beam.

Code objects of one Python mean nothing to another, and classes of this package nothing to a worker without it. So the step
pickles as its source, and is made from that where it arrives.
"""

import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

NAMESPACE = "beam_deid"
METRIC = "doctor"
PACKAGE = "beam_deid.transforms"
LIBRARIES = ("apache_beam", "pyarrow", "numpy")

_MADE = (
    "(lambda scope: (exec(source, scope), scope['Ask'](source, question, code))[1])({'__name__': 'beam_deid_doctor'})"
)


class Ask(beam.DoFn):
    """Answers a question. The answer is in the metric ``doctor``; nothing is given out.

    Args:
        source: The text of this module.
        question: What is asked, as text.
        code: What tells the caller's code from other code, see `code_of`.
    """

    def __init__(self, source: str, question: str, code: str) -> None:
        self._made_of = {"source": source, "question": question, "code": code}

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (_MADE, dict(self._made_of))

    def process(self, element: Any) -> Iterator[Any]:
        """Answer."""
        told = answer_of(self._made_of["question"], self._made_of["code"])
        if hasattr(Metrics, "string_set"):  # else by what it leaves, if that can be
            Metrics.string_set(NAMESPACE, METRIC).add(json.dumps(told))
        leave(self._made_of["question"], told)
        return iter(())


@functools.lru_cache(maxsize=1)
def answer_of(question: str, code: str) -> dict[str, Any]:
    """All that is known of this process, as plain values; its own checks only where it has the caller's code."""
    here = versions()
    told: dict[str, Any] = {
        "worker": f"{socket.gethostname()}, process {os.getpid()}",
        "at": time.time(),
        "versions": here,
        "code": "",
        "fault": "",
        "answer": None,
        "left": f"{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]}-{os.getpid()}",
    }
    try:
        told["code"] = code_of(PACKAGE)
        if told["code"] == code:
            told["answer"] = importlib.import_module(f"{PACKAGE}.doctor.answering").answer_to(question)
    except ImportError as error:
        told["fault"] = error.name or "unknown"
    except Exception as error:  # its text may hold anything
        told["fault"] = type(error).__name__
    return told


def leave(question: str, told: dict[str, Any]) -> None:
    """Leave the answer where the caller may find it, if this process has the caller's code."""
    if told["answer"] is not None:
        answering = importlib.import_module(f"{PACKAGE}.doctor.answering")
        answering.leave(question, told["left"], json.dumps(told))


def versions() -> dict[str, str]:
    """What this process has of what matters: Python without its patch level, and libraries; empty where one cannot be loaded."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, "beam_deid": _installed(), **{name: _version(name) for name in LIBRARIES}}


def code_of(package: str) -> str:
    """What tells the code of a package from any other: a hash of its files by their names.

    Raises:
        ModuleNotFoundError: There is no such package.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(package, name=package)
    whole = hashlib.sha256()
    for name, path in sorted(_files(found.submodule_search_locations)):
        whole.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _files(places: Iterable[str]) -> Iterator[tuple[str, Path]]:
    for place in places:
        for path in Path(place).rglob("*.py"):
            yield path.relative_to(place).as_posix(), path


def _installed() -> str:
    try:
        return importlib.metadata.version("beam-deid")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _version(name: str) -> str:
    try:
        return str(importlib.import_module(name).__version__)
    except ImportError:
        return ""

"""The steps of one run, by the package of one checkout, in a process whose clock stands still and whose chance has a seed.

`checkouts.py` hands this text to an interpreter with ``-c``: nothing beside it can be imported by mistake, and worker processes do
not begin with it. No module of the package but its command line is named, for modules move; what is put in place of chance and time
is the standard library's. Arguments: the folder that the package is in, and the checkout; steps come on stdin, and what was said
stays in ``said/``.
"""

import contextlib
import datetime
import hashlib
import importlib
import io
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

_BEGIN = datetime.datetime(2026, 1, 5, 8, tzinfo=datetime.timezone.utc).timestamp()
_HOUR = 3600.0

_TRANSFORMS = (("Deidentify", "deidentify"), ("AssessReidentification", "assess"))
"""What is embedded, and in which module; that may be in a folder of its own."""

_DRAWERS = ("random", "secrets", "uuid")
_RENAMED = {"_opened": "_new"}
"""Functions that draw, and what they are called since."""
_real, _hours = datetime.datetime, 0


class _Kind(type):
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _real)

    def __subclasscheck__(cls, one: type) -> bool:
        return issubclass(one, _real)


class _Still(_real, metaclass=_Kind):
    """A `datetime.datetime` whose now is an hour later in each step; all that it makes are the real ones."""

    __slots__ = ()  # extensions compare sizes

    def __new__(cls, *given: Any, **named: Any) -> Any:
        return _real(*given, **named)

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _real.fromtimestamp(_BEGIN + _hours * _HOUR, tz)


def seed_chance() -> None:
    """Draw what `os.urandom`, `secrets` and `uuid` give from a seed: for each function that asks a sequence of its own, known by
    its name, whatever module it is in. So names of temporary files, which are as many as time passes, change no key.
    """
    drawn: Counter[str] = Counter()

    def even(size: int) -> bytes:
        asking = sys._getframe(1)
        while asking.f_globals.get("__name__") in _DRAWERS and asking.f_back is not None:
            asking = asking.f_back
        name = asking.f_code.co_name
        what = f"{_RENAMED.get(name, name)}:{size}"
        drawn[what] += 1
        return hashlib.shake_256(f"{what}:{drawn[what]}".encode()).digest(size)

    os.urandom = random._urandom = even  # type: ignore[attr-defined]


def stop_clocks() -> None:
    """Let the time of day stand still within a step, and no second pass, for the package alone: others wait by the clock."""
    import apache_beam  # noqa: F401 - what makes types of `datetime` does it before
    import pyarrow.dataset  # noqa: F401
    import pydantic  # noqa: F401
    from apache_beam.runners.portability import fn_api_runner  # noqa: F401

    passing = time.monotonic
    datetime.datetime = _Still  # type: ignore[misc]
    time.monotonic = lambda: (
        0.0 if sys._getframe(1).f_globals.get("__name__", "").startswith("beam_deid.") else passing()
    )


def call(arguments: list[str], said: str) -> int:
    """Call the command line, and write down all that it says."""
    from beam_deid.pipelines import cli

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.call(arguments)
    for stream, kind in ((out, "out"), (err, "err")):
        Path("said", f"{said}.{kind}").write_bytes(stream.buffer.getvalue())  # type: ignore[attr-defined]
    return code


def take(of: str, keys: list[Any], to: str) -> int:
    """Write one value of a JSON document to a file."""
    found = json.loads(Path(of).read_text("utf-8"))
    for key in keys:
        found = found[key]
    Path(to).write_text(f"{found}\n", "utf-8")
    return 0


def shops(rows: int, checkout: str) -> int:
    """Orders of shops abroad, as the tests of that checkout make them."""
    import pyarrow.parquet as pq

    sys.path.insert(0, checkout)
    made = importlib.import_module("tests.policies.shops")
    Path("shopify.jsonl").write_text("".join(json.dumps(one) + "\n" for one in made.shopify_orders(rows)), "utf-8")
    pq.write_table(made.olist_orders(rows), "olist.parquet")
    return 0


def embedded(policy: str, release: str, source: str, rows: int, form: str, to: str) -> int:
    """Release a collection of dicts or batches inside a pipeline; rows and labels are lines of JSON."""
    import apache_beam as beam
    import pyarrow.parquet as pq

    def line(one: Any) -> list[str]:
        if hasattr(one, "document"):
            return [one.document]
        told = one.to_pylist() if hasattr(one, "to_pylist") else [one]
        return [json.dumps(each, ensure_ascii=False, default=str) for each in told]

    table = pq.read_table(source).slice(0, rows)
    given = table.to_pylist() if form == "dicts" else table.to_batches(max_chunksize=100)
    released, assessed = (_transform(name, module) for name, module in _TRANSFORMS)
    with beam.Pipeline(runner="FnApiRunner") as begun:
        records = begun | beam.Create(given)
        done = records | released(policy, release=release)
        evidence = records | assessed(["receiver_city", "birth_year"], ["category"], "buyer_open_uid")
        found = {"released": done.released, "label": done.label, "rejected": done.rejected, "evidence": evidence}
        for name, collection in found.items():
            lines = collection | f"{name} as lines" >> beam.FlatMap(line)
            _ = lines | name >> beam.io.WriteToText(f"{to}-{name}.jsonl", num_shards=1, shard_name_template="")
    return 0


def _transform(name: str, module: str) -> Any:
    for place in (f"transforms.beam.{module}", f"transforms.{module}", "transforms"):
        with contextlib.suppress(ImportError, AttributeError):
            return getattr(importlib.import_module(f"beam_deid.{place}"), name)
    raise ImportError(f"{name} is nowhere")


def main() -> None:
    """Do all steps; what their codes are is for others to judge."""
    global _hours
    package, checkout = sys.argv[1:]
    given = json.load(sys.stdin)
    seed_chance()
    if not given["real_times"]:
        stop_clocks()
    from beam_deid.pipelines import cli

    if not cli.__file__.startswith(package + os.sep):
        sys.exit(f"this is not the package of that checkout: {cli.__file__}")
    Path("said").mkdir(exist_ok=True)
    codes = {}
    for number, step in enumerate(given["steps"], 1):
        said = f"{number:02}-{step['name']}"
        if step["does"] == "call":
            codes[said] = call(step["with"]["arguments"], said)
        elif step["does"] == "shops":
            codes[said] = shops(checkout=checkout, **step["with"])
        else:
            codes[said] = {"take": take, "embedded": embedded}[step["does"]](**step["with"])
        _hours += 1
    Path("said", "codes.json").write_text(json.dumps(codes, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()

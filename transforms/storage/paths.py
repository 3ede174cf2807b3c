"""Paths as text: what a user writes, made absolute, put together and taken apart.

A local path is what the operating system opens. All others are URIs, ``s3://bucket/folder/name``, with options at their end:
``s3://bucket/folder?region=eu-west-1``. Names in a URI are taken as they stand, nothing is percent-decoded, and a ``?`` without
options behind it is a wildcard.
"""

import os
import posixpath
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from beam_deid.transforms.errors import UsageError

MARK = ".beam-deid-"
"""What every file and folder of a run that is under way has in its name."""

_MARKS = (
    "_SUCCESS",
    "_temporary",
    "_metadata",
    "_common_metadata",
    "_delta_log",
    "_spark_metadata",
    "_committed_",
    "_started_",
)
"""How names begin that Spark, Hive and their kin give to files beside the data."""

LABEL = "label.json"
"""The file beside the parts of a release that says what it is."""

REPORT = "report.html"
"""A page for a person, beside a label and beside ``run.json``. It is made of these alone, so nothing is lost with it."""

BESIDE_PARTS = (LABEL, REPORT)
"""The files in a release's folder that are no parts."""

POLICY = "policy.yaml"
"""The file beside ``run.json`` that is the policy as it was read."""

TABLE_LOGS = ("_delta_log", ".hoodie")
"""What lies in a folder whose files are not all of a table: Delta Lake's log and Hudi's."""

_LEFT_BESIDE = ("~$", "Thumbs.db", "desktop.ini")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_OPTIONS = re.compile(r"\?([A-Za-z_]+=[^?&]*(?:&[A-Za-z_]+=[^?&]*)*)$")
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{16}", re.DOTALL)
_ONE_SLASH = re.compile(r"(s3|s3a|s3n|gs|gcs|abfs|abfss|hdfs):/")
_WITHOUT_USERS = ("s3", "gs")
_WITHOUT_HOSTS = ("hdfs", "viewfs")
_ALIASES = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}


def scheme_of(path: str) -> str:
    """The scheme of a path, in lower case and by its usual name; "" for one without, ``file`` included."""
    found = _SCHEME.match(path)
    scheme = found[1].lower() if found else ""
    return "" if scheme == "file" else _ALIASES.get(scheme, scheme)


def is_local(path: str) -> bool:
    """Whether the operating system opens this path."""
    return not scheme_of(path)


def absolute(path: str) -> str:
    """A path that means the same in any folder and on any worker.

    Args:
        path: A local path, also with ``~``, relative or as ``file:///…``; or a URI.

    Raises:
        UsageError: A ``file://`` URI names another host, or any other nothing at all, or credentials.
    """
    if not path:
        raise UsageError("the path is empty", "", "Write . for this folder")
    if not is_local(path):
        return _uri(path)
    if _SCHEME.match(path):
        parts = urlsplit(path)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise UsageError("a file:// URI has three slashes and an absolute path", path, "Write file:///folder/name")
        # What urlsplit takes for a query or a fragment is part of the name: no such thing exists on a disk.
        path = unquote(_SCHEME.sub("", path, count=1).removeprefix(parts.netloc))
    near = _ONE_SLASH.match(path)
    if near:
        raise UsageError(
            "a store's path has two slashes behind the colon", path, f"Write {near[1]}://BUCKET/FOLDER/NAME"
        )
    return os.path.abspath(os.path.expanduser(path))


def _uri(path: str) -> str:
    scheme, _, rest = shown(path).partition("://")
    bucket = rest.partition("/")[0]
    may_be_without = scheme_of(path) in _WITHOUT_HOSTS and rest.strip("/")
    if not (bucket or may_be_without):
        raise UsageError("the path names no bucket", shown(path), f"Write {scheme}://BUCKET/FOLDER/NAME")
    user, at, _ = bucket.rpartition("@")
    if at and (scheme_of(path) in _WITHOUT_USERS or ":" in user):
        raise UsageError(
            "credentials do not belong into a path, which stands in messages and manifests",
            f"{scheme}://…@{bucket.rpartition('@')[2]}",
            "Leave them to the environment or a profile",
        )
    if any(name in ("", ".", "..") for name in rest.rstrip("/").split("/")[1:]):
        raise UsageError(
            "a store has no names like that: nothing between two slashes, . or ..", shown(path), "Write it out"
        )
    return with_options(f"{scheme_of(path)}://{rest.rstrip('/')}", options_of(path))


def options_of(path: str) -> dict[str, str]:
    """The options at the end of a URI; none for a local path."""
    found = None if is_local(path) else _OPTIONS.search(path)
    return dict(pair.split("=", 1) for pair in found[1].split("&")) if found else {}


def shown(path: str) -> str:
    """A path without its options: for messages, and wherever it is compared or stored."""
    return path if is_local(path) else _OPTIONS.sub("", path)


def named_by_output(path: str) -> str:
    """A path for a message: what is in a hidden folder is called by the output that it is for."""
    before, mark, _ = shown(path).partition(MARK)
    if not mark:
        return before
    folder, _, name = before.rpartition("/")
    return f"{folder}/{name.removeprefix('.')}".rstrip("/")


def with_options(path: str, options: Mapping[str, str]) -> str:
    """A URI with options; a local path as it is."""
    if is_local(path) or not options:
        return shown(path)
    told = "&".join(f"{name}={value}" for name, value in sorted(options.items()))
    return f"{shown(path)}?{told}"


def join(folder: str, *names: str) -> str:
    """A path below a folder; a URI keeps its options."""
    if is_local(folder):
        return os.path.join(folder, *names)
    return with_options("/".join([shown(folder).rstrip("/"), *names]), options_of(folder))


def parent(path: str) -> str:
    """The folder that a path lies in."""
    if is_local(path):
        return os.path.dirname(path)
    return with_options(shown(path).rstrip("/").rpartition("/")[0], options_of(path))


def name_of(path: str) -> str:
    """The last name of a path."""
    return os.path.basename(path) if is_local(path) else posixpath.basename(shown(path).rstrip("/"))


def is_name(name: Any) -> bool:
    """Whether something is the name of a file or a folder, and no path that leads elsewhere."""
    return isinstance(name, str) and name not in ("", ".", "..") and not any(mark in name for mark in "/\\\0")


def is_below(path: Any) -> bool:
    """Whether something is a relative path that leads nowhere but down."""
    return isinstance(path, str) and all(map(is_name, path.split("/")))


def unfinished(name: str) -> str:
    """A name, beside the one that it will take, for a file that is being written; no other attempt has it."""
    return f".{name}.{secrets.token_hex(8)}"


def is_unfinished(name: str) -> bool:
    """Whether a name is one that `unfinished` makes."""
    return _UNFINISHED.fullmatch(name) is not None


def is_hidden(name: str) -> bool:
    """Whether a name is hidden, of a run that is under way, or an engine's own mark."""
    return name.startswith((".", *_MARKS)) or MARK in name


def is_passed_over(name: str) -> bool:
    """Whether a wildcard or a folder does not stand for this name: a hidden one, or what a program leaves beside its data.

    Engines mark with a name that begins with ``_`` and has no ending; ``_x=1`` is a folder of a partition.
    """
    return is_hidden(name) or name.startswith(_LEFT_BESIDE) or (name.startswith("_") and not {".", "="} & set(name))

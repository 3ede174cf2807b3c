"""A URI's filesystem, by pyarrow: connected to once in each process, from the URI's options or else the environment's."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from pyarrow import fs

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.paths import options_of, scheme_of, shown, with_options

Connect = Callable[[str, Mapping[str, str]], tuple[Any, str]]
"""A URI's authority (bucket, container, host) and its options to a filesystem and the path of the authority's root in it."""

_ENVIRONMENT = {
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "profile": ("AWS_PROFILE",),
}
_PATIENCE = 60
"""Seconds after which a store of Google that does not answer is held not to."""

_OPTIONS = {
    "s3": ("endpoint", "region", "profile", "anonymous"),
    "gs": ("endpoint", "anonymous"),
    "abfs": (),
    "abfss": (),
    "hdfs": (),
    "viewfs": (),
}


def check(path: str) -> None:
    """Check that a URI is one that can be connected to.

    Raises:
        UsageError: There is no such scheme or option, or no bucket is named.
    """
    scheme = scheme_of(path)
    where = shown(path)
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in sorted(SCHEMES))
        raise UsageError(
            f"{scheme}:// is no filesystem that can be read", where, f"Write a local path, or one with {known}"
        )
    if "endpoint" in options_of(path) and not _is_endpoint(options_of(path)["endpoint"]):
        raise UsageError("the endpoint is no URL", where, "Write it as ?endpoint=https://HOST:PORT")
    if options_of(path).get("anonymous", "true") not in ("true", "false"):
        raise UsageError("anonymous is true or false", where, "Write ?anonymous=true, or leave it out")
    if not authority_of(path) and scheme not in ("hdfs", "viewfs"):
        raise UsageError("the path names no bucket", where, f"Write {scheme}://BUCKET/FOLDER/NAME")
    allowed = _OPTIONS.get(scheme, ())
    for name in options_of(path):
        if name not in allowed:
            told = f"It takes: {', '.join(allowed)}" if allowed else "It takes none"
            raise UsageError(f"{scheme}:// has no option {name}", where, told)


def _is_endpoint(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def is_anonymous(options: Mapping[str, str]) -> bool:
    """Whether a URI's options say that nobody's credentials are used."""
    return options.get("anonymous") == "true"


def authority_of(path: str) -> str:
    """The bucket, container or host that a URI names."""
    return shown(path).partition("://")[2].partition("/")[0]


def bucket_of(path: str) -> str:
    """The URI of the bucket, container or host that a URI names."""
    return with_options(f"{scheme_of(path)}://{authority_of(path)}", options_of(path))


def key_of(path: str) -> str:
    """What comes after the authority, without slashes at its ends."""
    return shown(path).partition("://")[2].partition("/")[2].strip("/")


def pinned(path: str) -> str:
    """A URI that says of itself what this process takes from the environment, for workers that have another one.

    Endpoint, region and the name of a profile go along; what opens anything (keys, tokens) never does.
    """
    if scheme_of(path) != "s3":
        return path
    return with_options(path, s3_options(path))


def s3_options(path: str) -> dict[str, str]:
    """The options of an S3 URI, completed from the environment."""
    given = options_of(path)
    for name, variables in _ENVIRONMENT.items():
        found = next((os.environ[variable] for variable in variables if os.environ.get(variable)), None)
        if found and name not in given:
            given[name] = found
    return given


def filesystem(path: str) -> tuple[Any, str]:
    """The filesystem of a URI, and the path of its bucket (container, host) in it.

    Raises:
        UsageError: See `check`; or the filesystem cannot be set up.
    """
    check(path)
    scheme = scheme_of(path)
    given = s3_options(path) if scheme == "s3" else options_of(path)
    return _connected(scheme, authority_of(path), tuple(sorted(given.items())))


@lru_cache(maxsize=64)
def _connected(scheme: str, authority: str, options: tuple[tuple[str, str], ...]) -> tuple[Any, str]:
    try:
        return SCHEMES[scheme](authority, dict(options))
    except (OSError, ValueError, NotImplementedError) as error:
        said = type(error).__name__
        raise UsageError(
            f"the filesystem cannot be set up ({said})", f"{scheme}://{authority}", "See transforms/storage/README.md"
        ) from None


def _s3(bucket: str, options: Mapping[str, str]) -> tuple[Any, str]:
    endpoint = options.get("endpoint")
    region = options.get("region")
    given: dict[str, Any] = {"endpoint_override": endpoint, "region": region or ("us-east-1" if endpoint else None)}
    if is_anonymous(options):
        given["anonymous"] = True
    elif "profile" in options:
        given.update(_of_profile(options["profile"]))
    # Small objects in one request, and no empty object for a write that fails.
    return fs.S3FileSystem(**given, allow_delayed_open=True), bucket


def _of_profile(name: str) -> dict[str, Any]:
    """The keys of a profile, where the variable that names it is not the one that Arrow reads."""
    if os.environ.get("AWS_PROFILE") == name:
        return {}
    from beam_deid.transforms.storage.s3 import session

    keys = session(name).get_credentials()
    if keys is None:
        raise UsageError(f"the profile {name} has no credentials", "s3://", "See: aws configure list-profiles")
    return {"access_key": keys.access_key, "secret_key": keys.secret_key, "session_token": keys.token}


def _gs(bucket: str, options: Mapping[str, str]) -> tuple[Any, str]:
    scheme, _, host = options.get("endpoint", "").rpartition("://")
    given: dict[str, Any] = {"endpoint_override": host, "scheme": scheme or "https"} if host else {}
    given["retry_time_limit"] = timedelta(seconds=_PATIENCE)
    return fs.GcsFileSystem(anonymous=is_anonymous(options), **given), bucket


def _by_arrow(scheme: str) -> Connect:
    def connect(authority: str, options: Mapping[str, str]) -> tuple[Any, str]:
        found, root = fs.FileSystem.from_uri(f"{scheme}://{authority}/")
        return found, str(root).rstrip("/")

    return connect


SCHEMES: dict[str, Connect] = {
    "s3": _s3,
    "gs": _gs,
    **{scheme: _by_arrow(scheme) for scheme in ("abfs", "abfss", "hdfs", "viewfs")},
}
"""How each scheme is connected to."""

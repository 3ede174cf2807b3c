"""What S3 can do and Arrow does not ask it for: versions of objects, and uploads that were never finished."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import groupby, islice
from typing import Any, BinaryIO

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.connecting import authority_of, is_anonymous, key_of, s3_options
from beam_deid.transforms.storage.object_store import ObjectStore
from beam_deid.transforms.storage.paths import join, name_of, parent, shown

_MOST_IN_ONE_REQUEST = 1000
_TRIES = 5
_THERE = ("PreconditionFailed", "412")
_FORBIDDEN = ("AccessDenied", "AllAccessDisabled", "MethodNotAllowed")


class S3Store(ObjectStore):
    """A bucket of S3, or of what speaks like it. Reading needs Arrow alone; writing needs ``beam-deid[aws]``.

    Arrow would put empty objects in the place of folders whose last object was removed, so that removing is not its.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._bucket = authority_of(path)
        self._path = path

    def create(self, path: str) -> BinaryIO:
        """Open a new object."""
        _ = self._client  # where nothing can be swept nothing is begun
        return super().create(path)

    def create_once(self, path: str, data: bytes) -> None:
        """Write an object that the store takes only where none is; one that does not know how is looked at first."""
        if self.entry(path) is not None:
            raise _taken(path)
        asked = {"Bucket": self._bucket, "Key": key_of(path), "Body": data}
        for _ in range(_TRIES):
            try:
                with _asking("PutObject"):
                    self._client.put_object(**asked, IfNoneMatch="*")
                return
            except _Refused as error:
                if error.code in _THERE:
                    raise _taken(path) from None
                if error.code == "NotImplemented":
                    break
                if error.code != "ConditionalRequestConflict":  # another request for the same object was under way
                    raise
        else:
            raise _taken(path)
        with _asking("PutObject"):
            self._client.put_object(**asked)

    def delete(self, paths: Iterable[str]) -> None:
        """Remove objects; a bucket with versions keeps the older ones."""
        self._remove([{"Key": key_of(path)} for path in paths])

    def delete_folder(self, path: str) -> None:
        """Remove all objects below a prefix."""
        pages = self._pages("list_objects_v2", f"{key_of(path)}/")
        self._remove([{"Key": one["Key"]} for page in pages for one in page.get("Contents", [])])

    def purge(self, path: str) -> None:
        """Remove all objects below a prefix with all of their versions, and end uploads that were never finished.

        Where the right to see or end uploads is missing, they are left; where that to remove versions is, the newest are
        removed as by `delete_folder`.
        """
        try:
            self._remove_versions(f"{key_of(path)}/", lambda key: True)
        except PermissionError:
            self.delete_folder(path)

    def purge_files(self, paths: Iterable[str]) -> None:
        """Remove objects with all of their versions, and end uploads to them that were never finished, as `purge` does."""
        named = sorted(paths, key=parent)
        for folder, some in groupby(named, key=parent):
            together = list(some)
            keys = {key_of(path) for path in together}
            try:
                self._remove_versions(f"{key_of(folder)}/".lstrip("/"), keys.__contains__)
            except PermissionError:
                self.delete(together)

    def _remove_versions(self, prefix: str, wanted: Callable[[str], bool]) -> None:
        """Remove every version of the objects below a prefix whose keys are wanted, and end uploads to them.

        Raises:
            PermissionError: The right to see or remove versions is missing.
        """
        with contextlib.suppress(PermissionError):
            for page in self._pages("list_multipart_uploads", prefix):
                self._abort([one for one in page.get("Uploads", []) if wanted(one["Key"])])
        pages = self._pages("list_object_versions", prefix)
        # Marks of deletion last, or what was deleted long ago would be there again for a moment.
        listed = [one for kind in ("Versions", "DeleteMarkers") for page in pages for one in page.get(kind, [])]
        self._remove([{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed if wanted(one["Key"])])

    def unseen(self, folder: str, beginning: str) -> list[str]:
        """Folders and objects of which older versions and unfinished uploads are left, as far as this may be asked."""
        above = f"{key_of(folder)}/".lstrip("/")
        keys: set[str] = set()
        for operation, kinds in (
            ("list_object_versions", ("Versions", "DeleteMarkers")),
            ("list_multipart_uploads", ("Uploads",)),
        ):
            with contextlib.suppress(PermissionError):
                pages = self._pages(operation, above + beginning)
                keys |= {one["Key"] for page in pages for kind in kinds for one in page.get(kind, [])}
        names = {key.removeprefix(above).partition("/")[0] for key in keys}
        seen = {name_of(entry.path) for entry in self.entries(folder)}
        return [join(folder, name) for name in sorted(names - seen)]

    def _abort(self, uploads: list[dict[str, Any]]) -> None:
        for upload in uploads:
            with _asking("AbortMultipartUpload"):
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    def _remove(self, objects: list[dict[str, str]]) -> None:
        for some in _chunks(objects):
            with _asking("DeleteObjects"):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": some, "Quiet": True})
            for error in answer.get("Errors", []):
                if error.get("Code") != "NoSuchKey":
                    raise _failed(str(error.get("Code")), "DeleteObjects")

    def _pages(self, operation: str, prefix: str) -> list[dict[str, Any]]:
        with _asking(operation):
            return list(self._client.get_paginator(operation).paginate(Bucket=self._bucket, Prefix=prefix))

    @cached_property
    def _client(self) -> Any:
        options = s3_options(self._path)
        endpoint = options.get("endpoint")
        region = options.get("region")
        region = region or ("us-east-1" if endpoint else None)
        made = session(None if is_anonymous(options) else options.get("profile"))
        from botocore import UNSIGNED
        from botocore.config import Config

        config = Config(signature_version=UNSIGNED) if is_anonymous(options) else None
        try:
            return made.client("s3", endpoint_url=endpoint, region_name=region, config=config)
        except ValueError:  # it came from the environment; a URI's was looked at
            raise UsageError(
                "the endpoint is no URL", shown(self._path), "See AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL"
            ) from None


def session(profile: str | None = None) -> Any:
    """Return the session of boto3.

    Raises:
        UsageError: boto3 is not installed, or there is no such profile.
    """
    try:
        import boto3
        from botocore.exceptions import ProfileNotFound
    except ImportError:
        raise UsageError(
            "writing to S3, and profiles, need boto3", "s3://", 'Install it: pip install "beam-deid[aws]"'
        ) from None
    try:
        return boto3.Session(profile_name=profile)
    except ProfileNotFound:
        raise UsageError(f"there is no profile {profile}", "s3://", "See: aws configure list-profiles") from None


@contextlib.contextmanager
def _asking(operation: str) -> Iterator[None]:
    """Errors of boto3 as those of a store."""
    session()  # says what is missing
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _failed(str(error.response.get("Error", {}).get("Code")), operation) from None
    except BotoCoreError as error:
        raise _failed(type(error).__name__, operation) from None


class _Refused(OSError):
    """The store refused a request, with an error code."""

    def __init__(self, said: str, code: str) -> None:
        super().__init__(said)
        self.code = code


class _Forbidden(_Refused, PermissionError):
    """The store refused a request for lack of permission."""


def _failed(code: str, operation: str) -> OSError:
    kind = _Forbidden if code in _FORBIDDEN else _Refused
    return kind(f"AWS Error {code} during {operation} operation", code)


def _taken(path: str) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), shown(path))


def _chunks(objects: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    remaining = iter(objects)
    while some := list(islice(remaining, _MOST_IN_ONE_REQUEST)):
        yield some

"""What is in a bucket, asked of the server itself and not through the code under test."""

from pathlib import Path
from typing import Any


class Bucket:
    """A bucket with versions."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self.name = client, name
        self.uri = f"s3://{name}"

    def put(self, key: str, data: bytes | Path) -> str:
        """An object; returns its URI."""
        body = data.read_bytes() if isinstance(data, Path) else data
        self._client.put_object(Bucket=self.name, Key=key, Body=body)
        return f"{self.uri}/{key}"

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        return bytes(self._client.get_object(Bucket=self.name, Key=key)["Body"].read())

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that a reader sees."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return sorted(one["Key"] for page in pages for one in page.get("Contents", []))

    def versions(self, prefix: str = "") -> list[tuple[str, str, int]]:
        """Key, version and size of everything that can still be read, whatever was deleted or replaced."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix)
        return sorted((one["Key"], one["VersionId"], one["Size"]) for page in pages for one in page.get("Versions", []))

    def old(self, key: str, version: str) -> bytes:
        """The bytes of a version."""
        return bytes(self._client.get_object(Bucket=self.name, Key=key, VersionId=version)["Body"].read())

    def uploads(self) -> list[str]:
        """Uploads that were begun and never finished."""
        return [one["Key"] for one in self._client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])]

    def begin_upload(self, key: str) -> None:
        """Begin an upload that nobody finishes."""
        upload = self._client.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]
        self._client.upload_part(Bucket=self.name, Key=key, UploadId=upload, PartNumber=1, Body=b"piece")

    def remove(self) -> None:
        """The bucket with all that is in it."""
        for upload in self._client.list_multipart_uploads(Bucket=self.name).get("Uploads", []):
            self._client.abort_multipart_upload(Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"])
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.name)
        for one in [one for page in pages for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]:
            self._client.delete_object(Bucket=self.name, Key=one["Key"], VersionId=one["VersionId"])
        self._client.delete_bucket(Bucket=self.name)

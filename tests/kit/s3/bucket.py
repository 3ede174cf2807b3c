"""What is in a bucket, asked of the server itself and not through the code under test."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beam_deid.pipelines.report.papers import evidences, pages

MARK = ".beam-deid-"
"""What nothing that is left in a bucket may have in its name."""

REGION = "eu-west-1"
SECRET = "canary-secret-of-the-bucket"


class Bucket:
    """A bucket, asked in the name of whoever owns it."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name
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

    def markers(self) -> list[str]:
        """The keys that say of something that it was deleted."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.name)
        return sorted(one["Key"] for page in pages for one in page.get("DeleteMarkers", []))

    def old(self, key: str, version: str) -> bytes:
        """The bytes of a version."""
        return bytes(self._client.get_object(Bucket=self.name, Key=key, VersionId=version)["Body"].read())

    def uploads(self) -> list[str]:
        """Uploads that were begun and never finished."""
        return sorted(one["Key"] for one in self._client.list_multipart_uploads(Bucket=self.name).get("Uploads", []))

    def begin_upload(self, key: str) -> None:
        """Begin an upload that nobody finishes."""
        upload = self._client.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]
        self._client.upload_part(Bucket=self.name, Key=key, UploadId=upload, PartNumber=1, Body=b"piece")

    def copy_of(self, prefix: str, folder: Path) -> Path:
        """What a reader sees below a prefix, on this machine's disk."""
        for key in self.keys(f"{prefix}/"):
            path = folder / key.removeprefix(f"{prefix}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.get(key))
        return folder

    def hashes(self, prefix: str) -> dict[str, str]:
        """The hash of every part by its path below a prefix, as `parts` of a local run; hidden folders are no reader's."""
        keys = [
            key for key in self.keys(f"{prefix}/") if key.rpartition("/")[2].startswith("part-") and MARK not in key
        ]
        return {key.removeprefix(f"{prefix}/"): hashlib.sha256(self.get(key)).hexdigest() for key in keys}

    def manifest(self, key: str) -> dict[str, Any]:
        """A manifest of a run."""
        return dict(json.loads(self.get(key)))

    def hide(self, key: str) -> None:
        """Remove an object as everybody does: its versions stay."""
        self._client.delete_object(Bucket=self.name, Key=key)

    def open_to_all(self) -> None:
        """Let anybody read and write."""
        self._client.put_bucket_acl(Bucket=self.name, ACL="public-read-write")
        for key in self.keys(""):
            self._client.put_object_acl(Bucket=self.name, Key=key, ACL="public-read-write")

    def clear(self, prefix: str = "") -> None:
        """Remove all that is below a prefix, in all of its versions."""
        for upload in self._client.list_multipart_uploads(Bucket=self.name, Prefix=prefix).get("Uploads", []):
            self._client.abort_multipart_upload(Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"])
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix)
        for one in [one for page in pages for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]:
            self._client.delete_object(Bucket=self.name, Key=one["Key"], VersionId=one["VersionId"])

    def remove(self) -> None:
        """The bucket with all that is in it."""
        self.clear()
        self._client.delete_bucket(Bucket=self.name)


@contextlib.contextmanager
def made(address: str, name: str, *, versions: bool = True) -> Iterator[Bucket]:
    """An empty bucket, for as long as it is needed."""
    import boto3  # half a second's import

    client = boto3.client(
        "s3", endpoint_url=address, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key=SECRET
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versions:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    bucket = Bucket(client, name)
    try:
        yield bucket
    finally:
        bucket.remove()


def say_where(address: str, patch: pytest.MonkeyPatch) -> None:
    """Have the environment say where the server is, and who asks."""
    for name, value in (
        ("AWS_ENDPOINT_URL_S3", address),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.delenv(name, raising=False)


def assert_published(bucket: Bucket, prefix: str) -> None:
    """A reader sees below a prefix the files that the manifests name, whole, and no other."""
    run = bucket.manifest(f"{prefix}/run.json")
    expected = {
        "run.json": None,
        "policy.yaml": run["policy_yaml_sha256"],
        "rejected.parquet": run["rejected_sha256"],
        "rejected.csv": run["rejected_csv_sha256"],
    }
    names = [name for name, release in run["releases"].items() if release["published"]]
    labels = {name: bucket.manifest(f"{prefix}/{name}/label.json") for name in names}
    for name, label in labels.items():
        expected[f"{name}/label.json"] = run["releases"][name]["label_sha256"]
        expected |= {f"{name}/{file['path']}": file["sha256"] for file in label["files"]}
    reports = pages(evidences(run, labels, bucket.get(f"{prefix}/policy.yaml").decode()))
    expected |= {path: hashlib.sha256(content).hexdigest() for path, content in reports.items()}
    seen = [key.removeprefix(f"{prefix}/") for key in bucket.keys(f"{prefix}/") if MARK not in key]
    assert seen == sorted(expected)
    for path, digest in expected.items():
        assert digest is None or hashlib.sha256(bucket.get(f"{prefix}/{path}")).hexdigest() == digest, path


def assert_nothing_hidden(bucket: Bucket) -> None:
    """No version of anything is under a hidden folder, no mark of a deletion, and no upload is open."""
    every = [key for key, _, _ in bucket.versions()] + bucket.markers() + bucket.uploads()
    assert [key for key in every if MARK in key] == []


def told_by(_: Bucket) -> str:
    """The options by which a bucket is reached, as a user writes them, and then no environment says anything of it."""
    return f"?endpoint={os.environ['AWS_ENDPOINT_URL_S3']}&region={REGION}"

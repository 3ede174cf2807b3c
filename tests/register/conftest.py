"""The bucket of the tests of storage."""

from ..storage.conftest import bucket, s3

__all__ = ["bucket", "s3"]

"""aws-kms:KEY: keys are wrapped by AWS Key Management Service."""

from typing import Any, ClassVar

from beam_deid.transforms.crypto.keks.kek import Kek
from beam_deid.transforms.errors import KeyFault

_CONTEXT = "beam-deid"
_SECONDS = 10


class AwsKek(Kek):
    """A symmetric key of AWS KMS, by its id, ARN or alias. Needs the extra ``aws``.

    Region, credentials and endpoint come from where boto3 looks for them. What a key is goes with it as encryption
    context, so that AWS keeps a record of it and unwraps it under no other.
    """

    scheme: ClassVar[str] = "aws-kms"
    form: ClassVar[str] = "aws-kms:KEY_ARN"

    def wrap(self, key: bytes, context: str) -> bytes:
        """Have AWS KMS encrypt a key; see `Kek.wrap`."""
        return bytes(self._call("encrypt", Plaintext=key, EncryptionContext={_CONTEXT: context})["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Have AWS KMS decrypt a key; see `Kek.unwrap`."""
        return bytes(self._call("decrypt", CiphertextBlob=wrapped, EncryptionContext={_CONTEXT: context})["Plaintext"])

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise KeyFault("AWS KMS needs boto3", self.where, "Run: pip install 'beam-deid[aws]'") from None
        try:
            # A session of its own: boto3's default one is not safe in threads, and keeps credentials that were changed.
            client = boto3.Session().client("kms", config=Config(connect_timeout=_SECONDS, read_timeout=_SECONDS))
            answer: dict[str, Any] = getattr(client, operation)(KeyId=self.place, **request)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            raise KeyFault(
                f"AWS KMS refuses to {operation} ({code})", self.where, "Check the key and its policy"
            ) from None
        except BotoCoreError as error:
            raise KeyFault(
                f"AWS KMS cannot be reached ({type(error).__name__})", self.where, "Check region and credentials"
            ) from None
        return answer

"""gcp-kms:KEY: keys are wrapped by Google Cloud Key Management Service."""

from typing import Any, ClassVar

from beam_deid.transforms.crypto.keks.kek import Kek
from beam_deid.transforms.errors import KeyFault


class GcpKek(Kek):
    """A symmetric key of Google Cloud KMS, by its resource name. Needs the extra ``gcp``.

    Credentials come from where Google's libraries look for them. What a key is goes with it as additional
    authenticated data, so that it unwraps under no other.
    """

    scheme: ClassVar[str] = "gcp-kms"
    form: ClassVar[str] = "gcp-kms:projects/…/locations/…/keyRings/…/cryptoKeys/…"

    def wrap(self, key: bytes, context: str) -> bytes:
        """Have Google Cloud KMS encrypt a key; see `Kek.wrap`."""
        request = {"name": self.place, "plaintext": key, "additional_authenticated_data": context.encode()}
        return bytes(self._call("encrypt", request).ciphertext)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Have Google Cloud KMS decrypt a key; see `Kek.unwrap`."""
        request = {"name": self.place, "ciphertext": wrapped, "additional_authenticated_data": context.encode()}
        return bytes(self._call("decrypt", request).plaintext)

    def client(self) -> Any:
        """Google's client.

        Raises:
            ImportError: The extra is not installed.
        """
        from google.cloud import kms

        return kms.KeyManagementServiceClient()

    def _call(self, operation: str, request: dict[str, Any]) -> Any:
        try:
            from google.api_core.exceptions import GoogleAPICallError
            from google.auth.exceptions import GoogleAuthError

            client = self.client()
        except ImportError:
            raise KeyFault(
                "Google Cloud KMS needs its library", self.where, "Run: pip install 'beam-deid[gcp]'"
            ) from None
        except GoogleAuthError as error:
            raise KeyFault(
                f"Google Cloud KMS cannot be reached ({type(error).__name__})", self.where, "Check the credentials"
            ) from None
        try:
            return getattr(client, operation)(request=request)
        except (GoogleAPICallError, GoogleAuthError) as error:
            raise KeyFault(
                f"Google Cloud KMS refuses to {operation} ({type(error).__name__})",
                self.where,
                "Check the key and its permissions",
            ) from None

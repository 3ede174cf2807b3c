"""Objects that fetch a secret on the worker, such as Beam's ``Secret``."""

import base64
import hashlib
import pickle
from collections.abc import Callable
from typing import Protocol

from beam_deid.transforms.errors import UsageError


class SecretSource(Protocol):
    """An object like Beam's ``Secret`` that fetches a secret's bytes when it is called."""

    def get_secret_bytes(self) -> bytes:
        """The secret."""
        ...


def check_fetches(secret: object, where: str) -> None:
    """See that an object can fetch a secret. It may be the secret itself, so no message repeats it.

    Args:
        secret: The object.
        where: What it was given to, as messages call it.

    Raises:
        UsageError: It cannot.
    """
    if not callable(getattr(secret, "get_secret_bytes", None)):
        raise UsageError(
            "the key is no object with get_secret_bytes()",
            where,
            "Pass one of Beam's secrets, such as GcpSecret, or name the key in the policy: keys: {key: 'env:NAME'}",
        )


def check_secret(secret: SecretSource, dump: Callable[[object], bytes] = pickle.dumps) -> None:
    """Check that pickling a source of secrets, as a pipeline's graph does, contains no secret.

    Args:
        secret: The source.
        dump: How it is pickled.

    Raises:
        UsageError: It is no such object, or carries its bytes.
    """
    where = "Deidentify(key=…)"
    check_fetches(secret, where)
    try:
        carried = dump(secret)
    except Exception as error:
        raise UsageError(f"the key's source cannot be sent to workers ({type(error).__name__})", where) from None
    refuse = UsageError(
        "the key's source carries the key's own bytes, which would stand in the pipeline's graph",
        where,
        "Pass a source that fetches them on the worker, or name the key in the policy",
    )
    if any(isinstance(value, bytes | bytearray) and len(value) >= 16 for value in _held(secret)):
        raise refuse
    try:
        key = bytes(secret.get_secret_bytes())
    except Exception:
        return  # the workers may be allowed what this process is not; there are no bytes here to be carried
    written = (base64.b64encode(key).rstrip(b"="), base64.urlsafe_b64encode(key).rstrip(b"="))
    told = (key, key.hex().encode(), key.hex().upper().encode(), *written)
    if not key or any(form in carried for form in told) or hashlib.sha256(key).digest() in carried:
        raise refuse


def _held(secret: SecretSource) -> list[object]:
    state = getattr(secret, "__dict__", {})
    return [item for value in state.values() for item in ([*value] if isinstance(value, list | tuple) else [value])]

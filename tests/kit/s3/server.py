"""moto's S3 server on loopback, with an ear at its door: a test sees each request before the server does."""

import io
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Request:
    """What somebody asks of the server.

    Attributes:
        method: GET, PUT …
        bucket: The bucket.
        key: The object; "" for what is about the bucket.
        query: What stands behind the question mark.
        copied: The object that is to be copied, or "".
        body: What is sent with a POST; of anything else nothing is told.
        signer: The id of the key that it is signed with; "" for nobody's.
    """

    method: str
    bucket: str
    key: str
    query: str
    copied: str
    body: bytes
    signer: str

    @property
    def writes(self) -> bool:
        """Whether it changes what is stored."""
        return self.method in ("PUT", "POST", "DELETE")

    def puts(self, name: str) -> bool:
        """Whether it writes a whole object whose key holds this."""
        return self.method == "PUT" and name in self.key and not self.query


Ear = Callable[[Request], str | bytes | None]
"""Hears a request. A text is the code of the error that the server gives instead of obeying, bytes are what it answers."""


class Server:
    """A server that lives until it is stopped."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app  # a second's import
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self._inner = DomainDispatcherApplication(create_backend_app)
        self._ear: Ear | None = None
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hear(self, ear: Ear | None) -> None:
        """Have each request from now on told to a function, which may take its time; None: to nobody."""
        self._ear = ear

    def _answer(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        ear = self._ear
        answered = ear(_request(environment)) if ear else None
        if answered is None:
            return self._inner(environment, start)
        environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
        refused = isinstance(answered, str)
        start("403 Forbidden" if refused else "200 OK", [("Content-Type", "application/xml")])
        return [f"<Error><Code>{answered}</Code><Message>no</Message></Error>".encode() if refused else answered]


def _request(environment: dict[str, Any]) -> Request:
    bucket, _, key = environment["PATH_INFO"].lstrip("/").partition("/")
    copied = unquote(environment.get("HTTP_X_AMZ_COPY_SOURCE", ""))
    method = environment["REQUEST_METHOD"]
    body = b""
    if method == "POST" and environment.get("CONTENT_LENGTH"):
        body = environment["wsgi.input"].read(int(environment["CONTENT_LENGTH"]))
        environment["wsgi.input"] = io.BytesIO(body)
    signer = environment.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition("/")[0]
    return Request(method, bucket, key, environment.get("QUERY_STRING", ""), copied, body, signer)

"""moto's S3 server on loopback, with an ear at its door: a test sees each request before the server does."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


@dataclass(frozen=True)
class Request:
    """What somebody asks of the server.

    Attributes:
        method: GET, PUT …
        bucket: The bucket.
        key: The object; "" for what is about the bucket.
        query: What stands behind the question mark.
        copied: The object that is to be copied, or "".
    """

    method: str
    bucket: str
    key: str
    query: str
    copied: str

    @property
    def writes(self) -> bool:
        """Whether it changes what is stored."""
        return self.method in ("PUT", "POST", "DELETE")

    def puts(self, name: str) -> bool:
        """Whether it writes a whole object whose key holds this."""
        return self.method == "PUT" and name in self.key and not self.query


Ear = Callable[[Request], str | None]
"""Hears a request. An answer other than None is the code of the error that the server gives instead of obeying."""


class Server:
    """A server that lives until it is stopped."""

    def __init__(self) -> None:
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
        refused = ear(_request(environment)) if ear else None
        if refused is None:
            return self._inner(environment, start)
        environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
        start("403 Forbidden", [("Content-Type", "application/xml")])
        return [f"<?xml version='1.0'?><Error><Code>{refused}</Code><Message>no</Message></Error>".encode()]


def _request(environment: dict[str, Any]) -> Request:
    bucket, _, key = environment["PATH_INFO"].lstrip("/").partition("/")
    copied = unquote(environment.get("HTTP_X_AMZ_COPY_SOURCE", ""))
    return Request(environment["REQUEST_METHOD"], bucket, key, environment.get("QUERY_STRING", ""), copied)

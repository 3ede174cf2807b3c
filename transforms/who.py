"""Who runs the program, and where: for manifests, registers and records, and for no label."""

import getpass
import os
import socket
from typing import NamedTuple


class Operator(NamedTuple):
    """Who answers for what is done.

    Attributes:
        operator: The person or service, as it is said; the login where nobody says.
        login: The user whom the system runs the program as.
        host: The machine.
    """

    operator: str
    login: str
    host: str


def operator_here(named: str | None = None) -> Operator:
    """Find out who runs the program.

    Args:
        named: Who answers for it, where that is said: a login such as ``airflow`` is no person.
    """
    login = _login()
    return Operator(named or login, login, socket.gethostname())


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"

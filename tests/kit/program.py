"""Stands in the place of an installed ``beam-deid``: asks a `fork_server` for a process with its own streams, and ends like it.

It imports nothing of the product and little else, for pages have many commands. Its arguments are the server's path, the code
that is to run, and the command's.
"""

import json
import os
import socket
import sys

SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a process."""


def main(path: str, code: str, *arguments: str) -> int:
    """Have a command carried out; its exit code."""
    request = {"code": code, "arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [b"x"], [0, 1, 2])
        connection.sendall(f"{json.dumps(request)}\n".encode())
        with connection.makefile() as answers:
            answers.readline()  # the number of its process
            ended = int(answers.readline())
    return SIGNALLED - ended if ended < 0 else ended


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

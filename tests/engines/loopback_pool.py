"""Beam's pool of Python workers, as `apache_beam.runners.worker.worker_pool_main`, but on loopback alone.

    python loopback_pool.py --service_port=PORT

Whoever reaches a pool may start any command on its machine, and Beam's listens on every interface without asking who it is.
"""

import sys

import grpc
from apache_beam.runners.worker import worker_pool_main

_server = grpc.server


def _on_loopback(*given, **named):
    made = _server(*given, **named)
    add = made.add_insecure_port
    made.add_insecure_port = lambda address: add(address.replace("[::]", "127.0.0.1"))
    return made


if __name__ == "__main__":
    grpc.server = _on_loopback
    worker_pool_main.main(sys.argv)

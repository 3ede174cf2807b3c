"""A pool of Beam's Python workers for several machines' worth of an engine on one: on loopback, and for all of them together.

    python loopback_pool.py --service_port=PORT

Beam's own, `apache_beam.runners.worker.worker_pool_main`, is made for one TaskManager or executor, on a network that is fenced:
it listens on every interface, for whoever wants any command started; and it knows a worker by a number alone, which each
TaskManager counts from one, so that the first that stops a worker ends that of another, who then waits for it for ever.
"""

import sys
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.worker import worker_pool_main
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

_server = grpc.server


class SharedPool(BeamFnExternalWorkerPoolServicer):
    """A worker ends by itself when whoever wanted it closes its connection, and with the pool at the latest."""

    def StartWorker(self, start_worker_request: Any, unused_context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Start one more."""
        started = super().StartWorker(start_worker_request, unused_context)
        number = start_worker_request.worker_id
        self._worker_processes[f"{number}@{start_worker_request.control_endpoint.url}"] = self._worker_processes.pop(
            number
        )
        return started

    def StopWorker(self, stop_worker_request: Any, unused_context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Say yes: the number does not tell whose worker it is."""
        return beam_fn_api_pb2.StopWorkerResponse()


def _on_loopback(*given: Any, **named: Any) -> Any:
    made = _server(*given, **named)
    add = made.add_insecure_port
    made.add_insecure_port = lambda address: add(address.replace("[::]", "127.0.0.1"))
    return made


if __name__ == "__main__":
    grpc.server = _on_loopback
    worker_pool_main.BeamFnExternalWorkerPoolServicer = SharedPool  # type: ignore[misc]
    worker_pool_main.main(sys.argv)

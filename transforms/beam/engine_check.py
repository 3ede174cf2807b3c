"""What is asked of an engine before anything is read: is there one of that name, does it know its options, does it answer?"""

import argparse
import difflib
import shutil
import socket
import time
from collections.abc import Sequence
from typing import NoReturn

import grpc
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from apache_beam.runners import create_runner
from apache_beam.utils.subprocess_server import JavaHelper

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.run.engines import LOCAL, services, starts_service

JOBS = "--job_endpoint"

_SECONDS = 5.0
_PATIENCE = 20.0
"""Seconds after which what answers at all is held not to answer as a job service: Beam itself would wait a minute."""
_TRIES = 3
"""Seconds for which a service may be unavailable that listens already."""
_ALIKE = 0.8


def check_engine(runner: str, options: Sequence[str]) -> None:
    """Check an engine and its options, and that something answers where they say that a service is.

    Args:
        runner: The engine's name.
        options: Beam's own options, as on a command line.

    Raises:
        UsageError: There is no such engine, it has no such option, an option's value is none, or nothing answers.
    """
    _see_that_it_is_one(runner)
    _see_options(options)
    if starts_service(runner, options) and shutil.which(JavaHelper.get_java()) is None:
        what = f"{runner} needs Java to start a job service, and there is none"
        raise UsageError(what, "--runner", "Install Java, or name a service that runs: -- --job_endpoint=HOST:PORT")
    for name, host, port in services(runner, options):
        _see_that_it_answers(name, host, port)
        if name == JOBS:
            _see_that_it_takes_jobs(host, port)


def _see_that_it_is_one(runner: str) -> None:
    if runner == LOCAL:
        return
    try:
        create_runner(runner)
    except ImportError:
        what = f"what {runner} needs is not installed"
        raise UsageError(what, "--runner", "Install it, as: pip install 'apache-beam[gcp]' for Dataflow") from None
    except (AttributeError, ValueError):
        names = StandardOptions.KNOWN_RUNNER_NAMES
        folded = {name.lower(): name for name in names}
        like = difflib.get_close_matches(runner.lower(), folded, 1) or [
            name for name in folded if len(runner) > 2 and name.startswith(runner.lower())
        ]
        meant = f"Did you mean {folded[like[0]]}? " if like else ""
        raise UsageError(f"no runner is called {runner}", "--runner", f"{meant}There are: {', '.join(names)}") from None


def _see_options(options: Sequence[str]) -> None:
    """Let Beam's own parser read the options. An engine that is asked for others would pass them over."""

    def see(parser: argparse.ArgumentParser) -> None:
        parser.error = _refused  # type: ignore[method-assign]
        _, unknown = parser.parse_known_args(list(options))
        if unknown:
            raise _unknown(unknown[0], [name for name in parser._option_string_actions if name.startswith("--")])

    if options:
        PipelineOptions([]).get_all_options(add_extra_args_fn=see)


def _refused(message: str) -> NoReturn:
    """What the parser does with a value that an option does not take; its message quotes what was written, and no data."""
    raise UsageError(f"Beam refuses its options: {message}", "behind --", "See: beam-deid run POLICY … -- --help")


def _unknown(word: str, known: Sequence[str]) -> UsageError:
    name = word.partition("=")[0]
    if not name.startswith("-"):
        return UsageError(f"{name} is the value of no option", "behind --", "Write it as --OPTION=VALUE")
    like = difflib.get_close_matches(name, known, 1, cutoff=_ALIKE)
    meant = f"Did you mean {like[0]}?" if like else "Options of beam-deid stand before --"
    return UsageError(f"Beam has no option {name}", "behind --", meant)


def _see_that_it_answers(option: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError:
        what = f"nothing answers at {host}:{port}"
        raise UsageError(what, option, f"Start it, or give the address of one that runs: -- {option}=…") from None


def _see_that_it_takes_jobs(host: str, port: int) -> None:
    """Ask what a runner asks a job service first. One that has just been started may listen before it answers."""
    code = _asked_for_jobs(host, port)
    for _ in range(_TRIES):
        if code is not grpc.StatusCode.UNAVAILABLE:
            break
        time.sleep(1)
        code = _asked_for_jobs(host, port)
    if code is not None:
        what = f"what answers at {host}:{port} is no job service of Beam ({code.name})"
        step = f"Name the port of its jobs, not of its artifacts or its web page: -- {JOBS}=HOST:8099"
        raise UsageError(what, JOBS, step)


def _asked_for_jobs(host: str, port: int) -> grpc.StatusCode | None:
    """Ask once; None where a job service answers."""
    try:
        with grpc.insecure_channel(f"{host}:{port}") as channel:
            service = beam_job_api_pb2_grpc.JobServiceStub(channel)
            service.DescribePipelineOptions(beam_job_api_pb2.DescribePipelineOptionsRequest(), timeout=_PATIENCE)
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return None

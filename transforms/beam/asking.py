"""One tiny job that asks an engine's workers, and what is to be told where it does not come to its end."""

import inspect
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
from apache_beam.runners.runner import PipelineResult

from beam_deid.transforms.beam import on_any_worker
from beam_deid.transforms.beam.on_any_worker import METRIC, NAMESPACE, PACKAGE, Ask, code_of
from beam_deid.transforms.beam.run import Settings, empty_pipeline, ours
from beam_deid.transforms.errors import DeidError, InternalFault, UsageError
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.storage.stopping import STOPPING

TIMES = 4
"""How often the question is asked, each time by a step of its own: an engine may give each to another worker."""

_GOODBYE = 5.0
"""Seconds that are waited for an engine to cancel a job."""
_NO_WORKER = re.compile(r"StatusCode\.UNAVAILABLE|\bUNAVAILABLE\b|[Cc]onnection refused|DEADLINE_EXCEEDED")
"""What an engine's error says where no worker could be started."""

_OTHER_SDK = re.compile(
    r"Submission environment: \S*?python(?P<python_here>[\d.]+)_sdk:(?P<beam_here>\w[\w.]*\w)\. "
    r"Runtime environment: \S*?python(?P<python_there>[\d.]+)_sdk:(?P<beam_there>\w[\w.]*\w)"
)
"""What Beam's worker says where it is of another version than the job, which it refuses."""


@dataclass
class _Asking:
    """What became of the job; filled by the thread that waits for it."""

    result: PipelineResult | None = None
    answers: list[str] = field(default_factory=list)
    error: Exception | None = None
    stopping: int | None = None


def ask(question: str, runner: str, options: Sequence[str], seconds: float) -> list[str]:
    """Ask an engine's workers.

    Args:
        question: What is asked, see `doctor.asked.Asked.to_text`.
        runner: The engine.
        options: Beam's own options, as on a command line.
        seconds: How long is waited for an answer.

    Returns:
        The answers that came back as metrics, each once; none where the engine gives no such metrics back.

    Raises:
        UsageError: No worker answers, or not in time.
        InternalFault: The engine ended the job for another reason.
    """
    asking = _Asking()
    with SpillFolder() as folder:
        pipeline = empty_pipeline(Settings(runner, tuple(options)), folder)
        step = Ask(inspect.getsource(on_any_worker), question, code_of(PACKAGE))
        for number in range(TIMES):
            _ = pipeline | f"Begin {number}" >> beam.Impulse() | f"Ask {number}" >> beam.ParDo(step)
        # Neither the submission nor the wait for its end has a time limit that all engines keep.
        thread = threading.Thread(target=_carry_out, args=(pipeline, asking), daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            _cancel(asking)
            raise _too_late(runner, options, seconds)
    if asking.error is not None:
        raise _why(asking.error, runner, options)
    return asking.answers


def _carry_out(pipeline: beam.Pipeline, asking: _Asking) -> None:
    try:
        asking.result = pipeline.run()
        asking.stopping = STOPPING.add(asking.result.cancel)
        asking.result.wait_until_finish()
        STOPPING.forget(asking.stopping)
        asking.answers = _answers(asking.result)
    except Exception as error:
        asking.error = error


def _answers(result: PipelineResult) -> list[str]:
    """What workers put into the metric, as far as the engine gives metrics of text back."""
    found: set[str] = set()
    for metric in result.metrics().query().get("string_sets", ()):
        if (metric.key.metric.namespace, metric.key.metric.name) == (NAMESPACE, METRIC):
            found |= {*(metric.committed or metric.attempted or ())}
    return sorted(found)


def _cancel(asking: _Asking) -> None:
    """Let the engine forget the job, if it can be reached."""
    if asking.result is None:
        return
    if asking.stopping is not None:
        STOPPING.forget(asking.stopping)
    thread = threading.Thread(target=_cancelled, args=(asking.result,), daemon=True)
    thread.start()
    thread.join(_GOODBYE)


def _cancelled(result: PipelineResult) -> None:
    try:
        result.cancel()
    except Exception:  # the time is up, whatever the engine says
        return


def _too_late(runner: str, options: Sequence[str], seconds: float) -> UsageError:
    kind, config = _environment(options)
    what = f"{runner} took the job, and no worker answered within {seconds:g} seconds"
    more = "or give more time with --timeout"
    return UsageError(what, _place(kind, config), f"{_advice(kind, config)}; {more}")


def _why(error: Exception, runner: str, options: Sequence[str]) -> DeidError:
    """The error of ours for the one that an engine ended the job with."""
    other = _OTHER_SDK.search(str(error))
    if other is not None:
        there = f"Python {other['python_there']} with Apache Beam {other['beam_there']} there"
        here = f"Python {other['python_here']} with Apache Beam {other['beam_here']} here"
        step = "Install the same there as here, and start the workers again"
        return UsageError(
            f"the workers have other versions, and take no job of these: {there}, {here}", "workers", step
        )
    found = ours(error, runner)
    kind, config = _environment(options)
    if isinstance(found, InternalFault) and _NO_WORKER.search(str(error)):
        what = f"{runner} takes jobs, and cannot start a worker"
        return UsageError(what, _place(kind, config), _advice(kind, config))
    return found


def _environment(options: Sequence[str]) -> tuple[str, str]:
    """Where workers run, as Beam's options say: the kind, and what belongs to it."""
    portable = PipelineOptions(list(options)).view_as(PortableOptions)
    return portable.environment_type or "", portable.environment_config or ""


def _place(kind: str, config: str) -> str:
    return f"--environment_type={kind} --environment_config={config}" if kind and config else ""


def _advice(kind: str, config: str) -> str:
    if kind == "EXTERNAL":
        port = config.rpartition(":")[2] or "PORT"
        return (
            f"See that a pool answers there: python -m apache_beam.runners.worker.worker_pool_main --service_port={port}; "
            "and that the python that it finds first in its PATH has apache_beam and beam_deid"
        )
    if kind == "PROCESS":
        return "See that the command of --environment_config starts a worker on each machine of the engine"
    if kind == "LOOPBACK":
        return "See that the engine reaches this machine, on which its workers are"
    return "See in the engine's logs whether its workers start, as in a container that it has to fetch first"

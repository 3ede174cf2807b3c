"""What an engine's name and options say of where its workers are."""

import re
from collections.abc import Mapping, Sequence

from beam_deid.transforms.errors import UsageError

LOCAL = "FnApiRunner"
"""Beam's in-process engine. Named, because "DirectRunner" may choose another one."""

_IN_PROCESS = ("fnapirunner", "bundlebaseddirectrunner")
_WITHOUT_JOBS = (*_IN_PROCESS, "directrunner", "switchingdirectrunner", "interactiverunner")
_OWN_SERVICE = ("prismrunner", "directrunner", "switchingdirectrunner", "interactiverunner")
_MASTERS = {"flinkrunner": ("flink_master", "[auto]"), "sparkrunner": ("spark_master_url", "local[4]")}
"""The option that says where a cluster is, and what Beam takes where it is not given: one that is started here."""

_PLACES = ("job_endpoint", "artifact_endpoint", "flink_master", "spark_master_url", "spark_rest_url")
_STARTED_HERE = re.compile(r"embed|\[auto\]|\[local\]|local(\[.+\])?")
_ADDRESS = re.compile(r"(?:[a-z]+://)?(?P<host>[^\s/:\[\]]+|\[[^\]]+\]):(?P<port>[0-9]{1,5})/?")
_LOOPBACK = re.compile(r"([a-z]+://)?(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?/?")


def is_here(runner: str, options: Sequence[str] = ()) -> bool:
    """Whether an engine's workers are on this machine, so that they see its files. What is not sure is elsewhere.

    Args:
        runner: The engine's name.
        options: Beam's own options, as on a command line.
    """
    name = _name(runner)
    given = _given(options)
    if name in _IN_PROCESS:
        return True
    if name not in (*_OWN_SERVICE, *_MASTERS, "portablerunner") or "output_executable_path" in given:
        return False
    environment = given.get("environment_type") or _default_environment(name, given)
    if environment == "LOOPBACK":  # the driver's own process, wherever it is called from
        return True
    places = [given[place] for place in _PLACES if place in given]
    if environment == "EXTERNAL":
        places.append(given.get("environment_config", ""))
    elif environment != "PROCESS":
        return False
    has_service = name != "portablerunner" or "job_endpoint" in given
    return has_service and all(_is_here(place) for place in places)


def takes_jobs(runner: str) -> bool:
    """Whether an engine takes a run as a job, which goes on when its driver ends; others end with the process.

    Args:
        runner: The engine's name.
    """
    return _name(runner) not in _WITHOUT_JOBS


def services(runner: str, options: Sequence[str]) -> list[tuple[str, str, int]]:
    """The services that an engine's options name: the option, host and port of each that says both.

    Args:
        runner: The engine's name.
        options: Beam's own options, as on a command line.

    Raises:
        UsageError: The engine has no place of its own, and none is given.
    """
    given = _given(options)
    if _name(runner) == "portablerunner" and "job_endpoint" not in given:
        raise UsageError(
            "PortableRunner says nowhere where its job service is", "--runner", "Give -- --job_endpoint=HOST:PORT"
        )
    found = ((place, _ADDRESS.fullmatch(given[place])) for place in _PLACES if place in given)
    return [(f"--{place}", address["host"].strip("[]"), int(address["port"])) for place, address in found if address]


def starts_service(runner: str, options: Sequence[str] = ()) -> bool:
    """Whether Beam itself starts the job service of an engine, which is a program in Java."""
    given = _given(options)
    return _name(runner) in _MASTERS and "job_endpoint" not in given and "flink_submit_uber_jar" not in given


def _default_environment(name: str, given: Mapping[str, str]) -> str:
    """Where Beam lets workers run if the options do not say: in the driver where it starts the cluster itself."""
    option, otherwise = _MASTERS.get(name, ("", ""))
    starts = name in _OWN_SERVICE or (option and _STARTED_HERE.fullmatch(given.get(option, otherwise)))
    return "LOOPBACK" if starts else "DOCKER"


def _name(runner: str) -> str:
    """An engine's name as Beam reads it."""
    return runner.lower() if runner.lower().endswith("runner") else f"{runner.lower()}runner"


def _given(options: Sequence[str]) -> dict[str, str]:
    """Options by their names, whether a value follows behind ``=`` or as the next word; the last counts, as for Beam."""
    given = {}
    for number, word in enumerate(options):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            following = options[number + 1] if number + 1 < len(options) else ""
            given[name] = value if equals else following
    return given


def _is_here(place: str) -> bool:
    """Whether a cluster, a service or a worker pool is on this machine."""
    return bool(_STARTED_HERE.fullmatch(place) or _LOOPBACK.fullmatch(place.lower()))

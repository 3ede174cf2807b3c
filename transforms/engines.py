"""What an engine's name and options say of where its workers are."""

from collections.abc import Sequence

LOCAL = "FnApiRunner"
"""Beam's in-process engine. Named, because "DirectRunner" may choose another one."""

_IN_PROCESS = (LOCAL, "DirectRunner", "BundleBasedDirectRunner", "PrismRunner", "InteractiveRunner", "SwitchingDirectRunner")
_LOOPBACK = ("localhost", "127.", "[::1]", "::1", "[local]", "local")
_MASTERS = ("flink_master", "spark_master_url", "job_endpoint", "artifact_endpoint")


def is_here(runner: str, options: Sequence[str] = ()) -> bool:
    """Whether an engine's workers are on this machine, so that they see its files.

    Args:
        runner: The engine's name.
        options: Beam's own options, as on a command line.
    """
    if runner in _IN_PROCESS:
        return True
    given = _given(options)
    environment = given.get("environment_type", "DOCKER").upper()
    if environment == "LOOPBACK":  # the driver's own process
        return True
    if environment not in ("EXTERNAL", "PROCESS"):
        return False
    places = [given[name] for name in _MASTERS if name in given]
    if environment == "EXTERNAL":
        places.append(given.get("environment_config", ""))
    return bool(places) and all(_is_loopback(place) for place in places)


def _given(options: Sequence[str]) -> dict[str, str]:
    """Options by their names, whether a value follows behind ``=`` or as the next word."""
    given = {}
    for number, word in enumerate(options):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            following = options[number + 1] if number + 1 < len(options) else ""
            given[name] = value if equals else following
    return given


def _is_loopback(place: str) -> bool:
    host = place.partition("://")[2] or place
    return host.lower().startswith(_LOOPBACK)

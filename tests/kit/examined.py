"""``beam-deid doctor`` on an engine, and workers of it that lack something."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from beam_deid.pipelines.cli import call

ALONE = ["unshare", "--map-root-user", "--mount", "--", "sh", "-c"]
"""Starts a process that sees other mounts than this one does."""

Missing = list[dict[str, Any]]
Well = dict[tuple[str, bool], str]


def _can_unshare() -> bool:
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*ALONE, "mount -t tmpfs none /mnt"], check=False).returncode == 0


needs_mounts = pytest.mark.skipif(not _can_unshare(), reason="needs user and mount namespaces")


def with_key(key: str | None, **more: str) -> dict[str, str]:
    """What is in a worker's environment."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BEAM_DEID_"))}
    return {**known, **({"BEAM_DEID_KEY": key} if key else {}), **more}


def hides(folder: Path | str) -> list[str]:
    """The words of a command that starts a process which sees an empty folder in place of one."""
    return [*ALONE, f'mount -t tmpfs none {folder} && exec "$@"', "sh"]


def only_reads(folder: Path | str) -> list[str]:
    """The words of a command that starts a process which may not write into a folder."""
    return [*ALONE, f'mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} && exec "$@"', "sh"]


def doctor(
    capsys: pytest.CaptureFixture[str],
    shop: Path | str,
    options: Sequence[str],
    *more: str,
    runner: str = "PortableRunner",
    out: str = "out",
) -> tuple[int, Missing, Well]:
    """The exit code, and what was looked at: what is missing, and the rest by what was looked at and whether it was here.

    Args:
        capsys: Pytest's.
        shop: The folder of `two_releases.fill`, or the bucket of `two_releases.upload`.
        options: Beam's, of the engine.
        more: Options of the command.
        runner: The engine.
        out: The output, below the shop.
    """
    place = str(shop)
    command = ["doctor", f"{place}/policy.yaml", "-i", f"{place}/in", "-o", f"{place}/{out}", "--json", *more]
    capsys.readouterr()
    code = call([*command, "--runner", runner, "--", *options])
    document = json.loads(capsys.readouterr().out)
    missing = [one for one in document["checks"] if not one["passed"]]
    assert document["healthy"] is (not missing)
    assert code == (missing[0]["exit_code"] if missing else 0)
    assert all(one["what"] and one["next_step"] for one in missing)
    well = {(one["check"], one["at"] == "here"): one["what"] for one in document["checks"] if one["passed"]}
    return code, missing, well


def only(missing: Missing) -> dict[str, Any]:
    """The one thing that is missing."""
    (one,) = missing
    return one

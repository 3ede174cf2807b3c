"""Make the golden files anew, by running a checkout. From the top of this checkout:

    python -m tests.golden.make released CHECKOUT   what CHECKOUT, which is at 0.3.0, releases and rejects, into v0_3_0/
    python -m tests.golden.make papers CHECKOUT     labels, run.json, storage of Parquet, what is encrypted, into v0_4_0/
    python -m tests.golden.make inputs              the orders themselves; then both of the above are made again

CHECKOUT is a folder with this repository at some commit, `.` for this one. Never make ``released`` from anything but 0.3.0: it says
what must not change. ``papers`` are made again when a label is meant to change, and the commit says why.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .cases import FOLDER, KEY, KEY_NAME, NEW, OLD, OTHER_BYTES, RELEASES, command
from .orders import write_inputs
from .texts import papers_of, rejected_text, released_texts, run_paper, write_golden

FIRST = "0.3.0"

_CALL = """
import sys
from beam_deid.pipelines import cli
if not cli.__file__.startswith(sys.argv[1]):
    sys.exit(f"this is not the package of that checkout: {cli.__file__}")
sys.exit(cli.call(sys.argv[2:]))
"""


def main() -> None:
    """Read the command line, and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["released", "papers", "inputs"])
    parser.add_argument("checkout", nargs="?", type=Path)
    asked = parser.parse_args()
    if asked.what == "inputs":
        write_inputs(FOLDER / "inputs")
        return
    if asked.checkout is None:
        parser.error("name a checkout")
    version = version_of(asked.checkout)
    if (asked.what == "released") != (version == FIRST):
        parser.error(f"this checkout is at {version}")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        carry_out(asked.checkout.resolve(), out)
        (write_released if asked.what == "released" else write_papers)(out)


def version_of(checkout: Path) -> str:
    """The version that a checkout says it has."""
    found = re.search(r'^version = "(.*)"$', (checkout / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


def carry_out(checkout: Path, out: Path) -> None:
    """Run the policy with the package of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / ".dev"), KEY_NAME: KEY}
    arguments = command(str(out), more=["--workers", "1"])
    subprocess.run(
        [sys.executable, "-c", _CALL, str(checkout / ".dev"), *arguments], cwd=FOLDER, env=environment, check=True
    )


def write_released(out: Path) -> None:
    """Write what was released and rejected, and with which version of Faker."""
    import faker

    shutil.rmtree(OLD, ignore_errors=True)
    for release in RELEASES:
        write_golden(OLD / release, released_texts(out, release))
    write_golden(OLD, {**rejected_text(out), "faker.txt": f"{faker.VERSION}\n"})


def write_papers(out: Path) -> None:
    """Write the papers, and the parts that are not as 0.3.0's."""
    shutil.rmtree(NEW, ignore_errors=True)
    for release in RELEASES:
        parts = released_texts(out, release) if release in OTHER_BYTES else {}
        write_golden(NEW / release, {**parts, **papers_of(out, release)})
    write_golden(NEW, run_paper(out))


if __name__ == "__main__":
    main()

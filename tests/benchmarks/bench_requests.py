"""How often a run asks an object store: requests of each kind for a million orders.

    python -m tests.benchmarks.bench_requests [--rows 1000000] [--keep FOLDER]

Input and output are in a bucket of moto's server on loopback, which hears every request. The run on this machine keeps what it
works with on its own disk; on an engine (here Beam's job service with one pool of workers) staging is in the bucket, too.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from ..engines.clusters import Cluster, service
from ..kit.s3.bucket import made, say_where
from ..kit.s3.server import Request, Server
from .bench_engines import POLICIES
from .contenders import ROOT
from .order_files import KEY, orders_file


def counted(server: Server, words: list[str], cluster: Cluster | None) -> Counter[str]:
    """The requests of a run, by their kind.

    Raises:
        SystemExit: It fails.
    """
    asked: Counter[str] = Counter()

    def hear(request: Request) -> None:
        asked[kind_of(request)] += 1

    command = [sys.executable, "-m", "beam_deid.pipelines", "run", *words]
    if cluster is not None:
        command += ["--runner", cluster.runner, "--", *cluster.options]
    server.hear(hear)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    server.hear(None)
    if ended.returncode:
        sys.exit(ended.stderr[-2000:])
    return asked


def kind_of(request: Request) -> str:
    """What a store counts and bills by."""
    if request.method == "GET" and not request.key:
        return "LIST"
    return "COPY" if request.copied else request.method


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the file of orders is made, and found again")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    given = _given()
    server = Server()
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setenv(KEY, "k" * 64)
        patch.setenv("PYTHONPATH", str(ROOT / ".dev"))
        say_where(server.address, patch)
        with made(server.address, "orders") as bucket:
            orders = bucket.put("in/orders.parquet", orders_file(given.keep or folder, given.rows))
            with service(folder, os.environ) as cluster:
                for policy, text in POLICIES.items():
                    (folder / f"{policy}.yaml").write_text(text.replace("\nreleases:", "\nregister: none\nreleases:"))
                    for where, engine in (("this machine", None), ("an engine", cluster)):
                        out = f"{bucket.uri}/{policy}-{where.replace(' ', '-')}"
                        asked = counted(server, [str(folder / f"{policy}.yaml"), "-i", orders, "-o", out], engine)
                        told = ", ".join(f"{many:,} {kind}" for kind, many in asked.most_common())
                        million = sum(asked.values()) * 1_000_000 / given.rows
                        print(f"{policy}, {where}: {told}: {million:,.0f} for a million orders", flush=True)
    server.stop()


if __name__ == "__main__":
    main()

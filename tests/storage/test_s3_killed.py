"""Runs into a bucket that are killed: nothing looks published that is not whole, and the next command makes it good."""

import base64
import hashlib
import os
import random
import signal
import threading

import numpy as np
import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.outputs import parts
from ..kit.processes import start
from ..kit.s3.blows import PATIENCE, Blow
from ..kit.s3.bucket import MARK, assert_nothing_hidden, assert_published, made, say_where
from ..kit.s3.server import Request
from ..kit.stored_shop import parquet

JOURNAL = "/publication.json"
ROWS = (200, 3_000)
POLICY = """
version: 1
dataset: shop
subject: buyer
keys: {key: env:BEAM_DEID_KEY}
register: none
fields:
  buyer: {role: direct_identifier}
  note: {role: direct_identifier, kind: free_text}
  item: {role: insensitive}
releases:
  crm:
    purpose: marketing to members
    sharing: enclave
    fields: {buyer: {tokenize: {domain: customer}}, note: encrypt, item: keep}
  items:
    purpose: stock keeping
    sharing: enclave
    fields: {item: keep}
"""


def orders(rows: int) -> bytes:
    """Orders with notes that nothing compresses: a part of many of them is uploaded in more than one piece."""
    noise = np.random.default_rng(rows)
    return parquet(
        {
            "buyer": [f"buyer-{row % 500}" for row in range(rows)],
            "note": [base64.b85encode(noise.bytes(3_000)).decode() for _ in range(rows)],
            "item": ["茶" if row % 2 else "纸" for row in range(rows)],
        }
    )


class Busy:
    """A bucket with orders and a policy in it, and what an undisturbed run makes of them."""

    def __init__(self, bucket, server, whole):
        self.bucket = bucket
        self.server = server
        self.whole = whole
        self.out = f"{bucket.uri}/out"

    def words(self, *more, files="*"):
        return [
            "run",
            f"{self.bucket.uri}/in/policy.yaml",
            "-i",
            f"{self.bucket.uri}/in/{files}.parquet",
            "-o",
            self.out,
            *more,
        ]

    def run(self, *more, files="*"):
        return call(self.words(*more, "--workers", "1", files=files))

    def begun(self):
        """Whether a publication was written down and not yet carried out."""
        return any(key.endswith(JOURNAL) for key in self.bucket.keys("out/"))

    def clear(self):
        self.bucket.clear("out/")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, s3):
    """The bytes of an undisturbed local run, and those of one over the first file."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    found = {}
    for number, rows in enumerate(ROWS):
        (folder / f"{number}.parquet").write_bytes(orders(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        for files in ("*", "0"):
            out = folder / f"out{len(found)}"
            words = ["run", str(folder / "policy.yaml"), "-i", str(folder / f"{files}.parquet"), "-o", str(out)]
            assert call([*words, "--workers", "1"]) == 0
            found[files] = out
    return folder, found


@pytest.fixture(scope="module")
def filled(s3, whole):
    with pytest.MonkeyPatch.context() as patch, made(s3.address, "busy") as bucket:
        say_where(s3.address, patch)
        for name in ("policy.yaml", "0.parquet", "1.parquet"):
            bucket.put(f"in/{name}", whole[0] / name)
        yield bucket


@pytest.fixture
def busy(filled, s3, whole, temporary):
    yield Busy(filled, s3, whole[1])
    s3.hear(None)
    filled.clear("out/")


def nth(number, holds):
    """The blow falls at the n-th request of which something holds."""
    seen = []

    def falls(request):
        if holds(request):
            seen.append(request)
        return len(seen) == number and holds(request)

    return falls


def publishing(number):
    """The blow falls at the n-th request that changes anything after the publication was written down; 0: at the writing."""
    seen = []

    def falls(request):
        counts = changes(request) and (bool(seen) or request.puts(JOURNAL))
        if counts:
            seen.append(request)
        return counts and len(seen) == number + 1

    return falls


def reads(request):
    return request.method == "GET" and request.key.startswith("in/")


def claims(request):
    return request.puts("/lease.json")


def changes(request):
    return request.writes and not claims(request)  # whose number depends on how long it takes


def sweeps(request):
    return request.method == "POST" and b"VersionId" in request.body and JOURNAL.encode() in request.body


def pieces(request):
    return "partNumber=2" in request.query


def assert_whole_or_nothing(busy, before):
    """What a reader who knows nothing of the blow may take for published is whole: this run, or the one that was there."""
    seen = busy.bucket.keys("out/")
    for path in (path for path in seen if path.endswith("/label.json") and MARK not in path):
        for file in busy.bucket.manifest(path)["files"]:
            data = busy.bucket.get(f"{path.removesuffix('label.json')}{file['path']}")
            assert hashlib.sha256(data).hexdigest() == file["sha256"]
    if "out/run.json" in seen:
        assert_published(busy.bucket, "out")
        allowed = ["*", "0"] if before else ["*"]
        assert busy.bucket.hashes("out") in [parts(busy.whole[files]) for files in allowed]


MOMENTS = random.Random(20)
BEFORE = [
    ("reading", lambda: nth(MOMENTS.randint(1, 8), reads)),
    ("claiming", lambda: nth(MOMENTS.randint(1, 2), claims)),
    ("uploading", lambda: nth(1, pieces)),
    ("writing down", lambda: publishing(0)),
]
WITHIN = [
    ("publishing", lambda number=number: publishing(number)) for number in sorted(MOMENTS.sample(range(1, 12), 3))
]
AFTER = [("sweeping", lambda: nth(1, sweeps))]


@pytest.mark.slow("kills a run at each request that changes a bucket")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_that_is_killed_leaves_nothing_that_looks_published_unless_it_is_whole(busy, temporary, workers):
    moments = [*BEFORE, *WITHIN, *AFTER][int(workers) - 1 :: 2]
    begun = 0
    for number, (phase, falls) in enumerate(moments):
        busy.clear()
        before = number % 2 == 1
        if before:  # another run was there, with fewer parts
            for path in sorted(busy.whole["0"].rglob("*")):
                if path.is_file():
                    busy.bucket.put(f"out/{path.relative_to(busy.whole['0'])}", path)
        more = ["--overwrite"] if before else []
        assert Blow(busy.server, falls(), *busy.words("--workers", workers, *more)).fell, phase
        assert_whole_or_nothing(busy, before)
        assert busy.begun() == (phase == "publishing")
        if phase in ("publishing", "sweeping"):
            begun += 1
            assert call(["verify", busy.out]) == 0  # which finishes it
        else:
            if before:
                assert busy.bucket.hashes("out") == parts(busy.whole["0"])
            assert busy.run(*more) == 0
        assert busy.bucket.hashes("out") == parts(busy.whole["*"])
        assert_published(busy.bucket, "out")
        assert_nothing_hidden(busy.bucket)
        assert not list(temporary.rglob(f"*{MARK}*"))
    assert 0 < begun < len(moments)


@pytest.mark.slow("kills a run at each request that changes a bucket")
def test_a_run_that_is_killed_at_work_leaves_nothing_in_the_bucket_that_looks_published(busy, temporary):
    struck = 0
    for _ in range(2):
        process = start(*busy.words("--workers", "2"))
        held = threading.Event()

        def listen(request: Request, held=held) -> None:
            if request.puts("/lease.json"):
                held.set()

        busy.server.hear(listen)
        assert held.wait(PATIENCE)
        threading.Event().wait(MOMENTS.uniform(0.1, 1))  # any moment will do
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        busy.server.hear(None)
        struck += process.returncode == -signal.SIGKILL
        assert_whole_or_nothing(busy, before=False)
        if "out/run.json" in busy.bucket.keys("out/") or busy.begun():
            assert call(["verify", busy.out]) == 0
        else:
            assert busy.run() == 0
        assert busy.bucket.hashes("out") == parts(busy.whole["*"])
        assert_published(busy.bucket, "out")
        assert_nothing_hidden(busy.bucket)
        assert not list(temporary.rglob(f"*{MARK}*"))
        busy.clear()
    assert struck

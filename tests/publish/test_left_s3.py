"""What a process that died left of a run into a bucket is finished by another, and two at once do not mix."""

import json
import threading

import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.outputs import labels, parts, without_times
from ..kit.processes import start
from ..kit.s3.blows import PATIENCE, Blow
from ..kit.s3.bucket import MARK, assert_nothing_hidden, assert_published
from ..kit.stored_shop import Plain, upload

JOURNAL = "/publication.json"


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The same run onto a disk."""
    folder = tmp_path_factory.mktemp("local")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        assert Plain(folder).run(str(folder / "out")) == 0
    return folder / "out"


@pytest.fixture
def shop(tmp_path, temporary):
    return Plain(tmp_path)


@pytest.fixture
def out(bucket):
    return f"{bucket.uri}/out"


def staged(temporary):
    """The folders that dead runs left on this machine."""
    return [str(path) for path in temporary.iterdir() if MARK in path.name]


def hidden(bucket):
    """Those in the bucket."""
    return sorted({key.split("/")[1] for key in bucket.keys("out/") if MARK in key})


def assert_as_local(bucket, local, temporary):
    assert bucket.hashes("out") == parts(local)
    ours = {name: without_times(bucket.manifest(f"out/{name}/label.json")) for name in ("crm", "report")}
    assert ours == labels(local)
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)
    assert staged(temporary) == []


def after_proof(request):
    """Nothing is brought into the bucket before everything is proved."""
    return request.writes and "/new/" in request.key


class Half:
    """The blow falls in the middle of the publication, when so many files were brought."""

    def __init__(self, copies):
        self._left = copies

    def __call__(self, request):
        self._left -= bool(request.copied)
        return self._left < 0


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_a_run_whose_driver_died_when_all_was_proved_is_published_later(
    bucket, s3, shop, out, local, temporary, capsys
):
    assert Blow(s3, after_proof, *shop.words(out, "--workers", "1")).fell
    (left,) = staged(temporary)
    assert call(["verify", out]) == 2  # which does not throw away what is whole
    assert bucket.keys("") == []
    assert call(["publish", left, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["output"] == out
    assert_as_local(bucket, local, temporary)
    assert call(["publish", left]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_what_was_left_is_not_published_over_what_came_since(bucket, s3, shop, out, temporary, capsys):
    assert Blow(s3, after_proof, *shop.words(out, "--workers", "1")).fell
    (left,) = staged(temporary)
    bucket.put("out/notes.txt", b"somebody's")
    assert call(["publish", left]) == 2
    assert "exists" in capsys.readouterr().err
    assert bucket.get("out/notes.txt") == b"somebody's"
    assert_nothing_hidden(bucket)
    assert staged(temporary) == [left]


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_a_run_that_died_before_the_proof_has_nothing_to_publish(bucket, s3, shop, out, temporary, capsys):
    process = start(*shop.words(out, "--workers", "1"))
    begun = threading.Event()
    s3.hear(lambda request: begun.set() if request.puts("/lease.json") else None)
    assert begun.wait(PATIENCE)
    process.kill()
    process.communicate(timeout=PATIENCE)
    s3.hear(None)
    for folder in [*staged(temporary), *(f"{out}/{name}" for name in hidden(bucket)), f"{out}/nothing", str(temporary)]:
        assert call(["publish", folder]) == 2
        said = capsys.readouterr().err
        assert "publish" in said
        assert "Traceback" not in said
    assert shop.run(out) == 0
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)
    assert staged(temporary) == []


@pytest.mark.slow("kills runs into a bucket, each a process that imports Beam")
def test_a_publication_that_died_half_way_is_finished_by_any_command(bucket, s3, shop, out, local, temporary, capsys):
    for copies, finish in enumerate(
        (
            lambda _: call(["verify", out]),
            lambda _: call(["publish", f"{out}/{hidden(bucket)[0]}"]),
            lambda _: shop.run(out, files=1) - 2,  # it finishes the other, and is refused, for now there is an output
            lambda left: call(["publish", left[0]]),
        )
    ):
        assert Blow(s3, Half(copies), *shop.words(out, "--workers", "1")).fell
        assert len(hidden(bucket)) == 1
        assert any(key.endswith(JOURNAL) for key in bucket.keys("out/"))
        assert "out/run.json" not in bucket.keys("")
        assert finish(staged(temporary)) == 0
        assert "Traceback" not in capsys.readouterr().err
        assert_as_local(bucket, local, temporary)
        bucket.clear("out/")


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_labels_that_were_half_replaced_are_finished_by_the_next_command(
    bucket, s3, out, tmp_path, temporary, monkeypatch
):
    monkeypatch.setenv("SHOP_KEK", KEY)
    ring = tmp_path / "orders.keyring"
    assert call(["keys", "create", str(ring), "--kek", "env:SHOP_KEK"]) == 0
    shop = Plain(tmp_path)
    shop.change("{key: env:BEAM_DEID_KEY}", f"{{keyring: {ring}}}")
    assert shop.run(out, files=1) == 0
    before = bucket.hashes("out")
    assert call(["keys", "destroy", str(ring), "--name", "main", "--yes"]) == 0
    assert Blow(s3, Half(1), "label", "--again", out).fell
    assert "out/run.json" not in bucket.keys("")
    assert call(["verify", out]) == 0
    assert bucket.manifest("out/crm/label.json")["fields"]["buyer"]["recoverability"] == "key_destroyed"
    assert bucket.hashes("out") == before
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)


@pytest.mark.slow("starts runs that wait, processes that import Beam")
@pytest.mark.parametrize("there", [False, True], ids=["new", "over another"])
def test_of_two_runs_at_once_one_wins_and_the_other_names_it(bucket, s3, shop, out, local, temporary, there):
    if there:
        upload(local, bucket, "out")
    more = ["--overwrite"] if there else []
    ended = threading.Event()

    def hold(request):
        if request.puts(JOURNAL):  # who holds the output does not publish before the other was heard
            ended.wait(PATIENCE)

    s3.hear(hold)
    both = [start(*shop.words(out, "--workers", "1", *more)) for _ in range(2)]
    said = {}

    def wait(number):
        said[number] = both[number].communicate(timeout=PATIENCE)[1]
        ended.set()

    waiting = [threading.Thread(target=wait, args=(number,)) for number in (0, 1)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    assert sorted(process.returncode for process in both) == [0, 2]
    loser = next(number for number in (0, 1) if both[number].returncode == 2)
    assert f"process {both[1 - loser].pid}," in said[loser]
    assert "another run is writing" in said[loser]
    assert call(["verify", out]) == 0
    assert_as_local(bucket, local, temporary)


FOREIGN = "out/.beam-deid-0123456789ab-1-1-00000000"
CLAIM = {"host": "elsewhere", "process": 7, "since": "2026-01-01T00:00:00+00:00", "state": "held"}


def claim(bucket, beat):
    bucket.put(f"{FOREIGN}/lease.json", json.dumps({**CLAIM, "beat": beat}).encode())


@pytest.mark.slow("starts runs that wait, processes that import Beam")
def test_a_run_on_another_host_that_still_beats_is_not_disturbed(bucket, s3, shop, out, monkeypatch):
    monkeypatch.setenv("BEAM_DEID_LEASE_SECONDS", "30")
    claim(bucket, 1)
    beats = iter(range(2, 1_000))

    def beat(request):
        if request.puts("/lease.json") and FOREIGN not in request.key:
            claim(bucket, next(beats))

    s3.hear(beat)
    process = start(*shop.words(out, "--workers", "1"))
    _, said = process.communicate(timeout=PATIENCE)
    s3.hear(None)
    assert process.returncode == 2
    assert "host elsewhere, process 7" in said
    assert {key.rpartition("/")[0] for key in bucket.keys("")} == {FOREIGN}


@pytest.mark.slow("starts runs that wait, processes that import Beam")
def test_a_run_on_another_host_that_fell_silent_is_swept_away(bucket, shop, out, temporary, monkeypatch):
    monkeypatch.setenv("BEAM_DEID_LEASE_SECONDS", "2")
    claim(bucket, 1)
    bucket.put(f"{FOREIGN}/new/crm/part-00000.parquet", b"a part")
    process = start(*shop.words(out, "--workers", "1"))
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)
    assert staged(temporary) == []

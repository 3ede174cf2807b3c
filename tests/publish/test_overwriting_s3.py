"""What a run puts in another's place, what it leaves alone, and what is left of all that in a bucket that keeps versions."""

import re
import subprocess
import sys

import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.outputs import parts
from ..kit.s3.blows import PATIENCE
from ..kit.s3.bucket import MARK, assert_nothing_hidden, assert_published, made
from ..kit.s3.server import Request
from ..kit.sampling import quick_for
from ..kit.stored_shop import PLAIN, Plain, upload


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A run over all files."""
    folder = tmp_path_factory.mktemp("earlier")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        assert Plain(folder).run(str(folder / "out")) == 0
    return folder / "out"


@pytest.fixture
def shop(tmp_path, temporary):
    return Plain(tmp_path)


@pytest.fixture
def out(bucket, earlier):
    """An output in the bucket with that run in it."""
    upload(earlier, bucket, "out")
    return f"{bucket.uri}/out"


def assert_no_staging(temporary):
    """Nothing is left on this machine either."""
    assert [path for path in temporary.rglob("*") if "beam-deid" in path.name] == []


def test_fewer_parts_leave_none_of_the_earlier_ones(bucket, out, shop, temporary, tmp_path):
    before = bucket.hashes("out")
    assert shop.run(out, "--overwrite", files=1) == 0
    assert shop.run(str(tmp_path / "local"), files=1) == 0
    after = bucket.hashes("out")
    assert after == parts(tmp_path / "local")
    assert len(after) < len(before)
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)
    assert_no_staging(temporary)
    assert call(["verify", out]) == 0


def test_old_versions_are_of_nothing_but_what_was_published(bucket, out, shop):
    published = {(key, bucket.get(key)) for key in bucket.keys("")}
    assert shop.run(out, "--overwrite", files=1) == 0
    published |= {(key, bucket.get(key)) for key in bucket.keys("")}
    kept = {(key, bucket.old(key, version)) for key, version, _ in bucket.versions()}
    assert kept == published


def test_a_release_that_is_not_made_again_is_gone(bucket, out, shop):
    assert shop.run(out, "--release", "report", "--overwrite") == 0
    beside = {"policy.yaml", "rejected.csv", "rejected.parquet", "report.html", "run.json"}
    assert {key.split("/")[1] for key in bucket.keys("")} == {"report", *beside}
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)
    assert call(["verify", out]) == 0


def test_an_output_that_exists_is_refused_and_untouched(bucket, out, shop, capsys):
    before = bucket.versions()
    assert shop.run(out, files=1) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert bucket.versions() == before
    assert_nothing_hidden(bucket)


@pytest.mark.parametrize(
    "key",
    [
        "out/notes.txt",
        "out/crm/part-00007.parquet",
        "out/crm/deep/part-00000.parquet",
        "out/other/label.json",
        "out/policy.yaml",
    ],
)
def test_what_no_run_wrote_is_never_lost(bucket, out, shop, temporary, capsys, key):
    bucket.put(key, b"somebody's")
    before = bucket.versions()
    assert shop.run(out, "--overwrite", files=1) == 2
    assert f"{bucket.uri}/{key}" in capsys.readouterr().err
    assert bucket.versions() == before
    assert_nothing_hidden(bucket)
    assert_no_staging(temporary)


def test_what_somebody_puts_there_while_a_run_is_at_work_is_not_lost(bucket, out, shop, s3, capsys):
    before = bucket.hashes("out")

    def put(request: Request) -> None:
        if request.puts("/new/run.json"):
            s3.hear(None)
            bucket.put("out/notes.txt", b"somebody's")

    s3.hear(put)
    assert shop.run(out, "--overwrite", files=1) == 2
    assert "out/notes.txt" in capsys.readouterr().err
    assert bucket.hashes("out") == before
    assert bucket.get("out/notes.txt") == b"somebody's"
    assert_nothing_hidden(bucket)


@pytest.mark.parametrize("key", ["out", "out/something/else.txt"])
def test_what_is_not_a_run_is_not_overwritten(bucket, shop, capsys, key):
    bucket.put(key, b"somebody's")
    before = bucket.versions()
    assert shop.run(f"{bucket.uri}/out", "--overwrite") == 2
    assert "Traceback" not in capsys.readouterr().err
    assert bucket.versions() == before
    assert_nothing_hidden(bucket)


def test_an_output_beside_others_of_like_names_leaves_them_alone(bucket, shop):
    others = dict.fromkeys(
        ("out2/run.json", "outer/crm/part-00000.parquet", "out.old", "ou", "notes/out/x"), b"somebody's"
    )
    for key, data in others.items():
        bucket.put(key, data)
    for more in ([], ["--overwrite"]):
        assert shop.run(f"{bucket.uri}/out", *more, files=1) == 0
    assert_published(bucket, "out")
    assert {key: bucket.get(key) for key in others} == others


def test_a_bucket_itself_can_be_an_output(bucket, shop):
    assert shop.run(bucket.uri, files=1) == 0
    assert shop.run(f"{bucket.uri}/", "--overwrite", files=1) == 0
    assert "run.json" in bucket.keys("")
    assert_nothing_hidden(bucket)
    assert call(["verify", bucket.uri]) == 0


@pytest.mark.slow("kills a run into a bucket, a process that imports Beam")
def test_a_key_that_lives_for_one_run_never_comes_near_the_bucket(bucket, temporary, tmp_path):
    shop = Plain(
        tmp_path,
        PLAIN.replace("purpose: marketing to members\n", "purpose: marketing to members\n    key: ephemeral\n"),
    )
    code = (
        "from beam_deid.transforms.crypto import ephemeral as e; made = e.make_ephemeral\n"
        "def make(folder, release):\n    made(folder, release); print(e.read_ephemeral(folder, release).hex(), folder)\n"
        "import beam_deid.transforms.run.ephemeral_keys as keys; keys.make_ephemeral = make\n"
        "from beam_deid.pipelines.cli import main; main()"
    )
    words = [sys.executable, "-c", code, *shop.words(f"{bucket.uri}/out", "--workers", "2")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    key, folder = done.stdout.splitlines()[0].split()
    assert folder.startswith(str(temporary))
    assert bucket.manifest("out/crm/label.json")["fields"]["buyer"]["recoverability"] == "key_destroyed"
    for name, version, size in bucket.versions():
        data = bucket.old(name, version)
        assert size != 32
        assert "keys/" not in name
        assert bytes.fromhex(key) not in data
        assert key.encode() not in data
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)
    assert_no_staging(temporary)


def test_uploads_of_dead_runs_are_ended_and_those_of_others_are_left(bucket, shop):
    dead = "out/.beam-deid-0123456789ab-1-1-00000000"
    bucket.put(f"{dead}/pieces/part-00000.parquet", b"piece")
    for key in (f"{dead}/new/crm/part-00000.parquet", "out/crm/part-00000.parquet", "elsewhere"):
        bucket.begin_upload(key)
    assert shop.run(f"{bucket.uri}/out", files=1) == 0
    assert bucket.uploads() == ["elsewhere", "out/crm/part-00000.parquet"]
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)


def test_what_a_dead_run_left_in_versions_and_open_uploads_alone_is_removed_too(bucket, shop):
    dead = "out/.beam-deid-0123456789ab-1-1-00000000"
    bucket.put(f"{dead}/pieces/part-00000.parquet", b"piece")
    bucket.hide(f"{dead}/pieces/part-00000.parquet")
    bucket.begin_upload("out/.beam-deid-0123456789ab-1-1-00000001/new/crm/part-00000.parquet")
    assert shop.run(f"{bucket.uri}/out", files=1) == 0
    assert bucket.uploads() == []
    assert_nothing_hidden(bucket)


def test_a_bucket_without_versions_holds_what_was_published_and_nothing_else(bucket, earlier, s3, shop, temporary):
    with made(s3.address, "plain", versions=False) as plain:
        upload(earlier, plain, "out")
        out = f"{plain.uri}/out"
        assert shop.run(out, "--overwrite", "--release", "crm", files=1) == 0
        assert call(["verify", out]) == 0
        assert_published(plain, "out")
        assert sorted(key for key, _, _ in plain.versions()) == plain.keys("")
        assert_nothing_hidden(plain)
        assert_no_staging(temporary)


def _lists_versions(request):
    return "versions" in request.query.split("&")


def _lists_uploads(request):
    return request.method == "GET" and "uploads" in request.query.split("&")


@pytest.mark.parametrize(
    "forbidden",
    quick_for(
        [_lists_versions, _lists_uploads, lambda request: _lists_versions(request) or _lists_uploads(request)], 1
    ),
    ids=["versions", "uploads", "both"],
)
def test_without_the_right_to_see_what_is_old_a_reader_still_sees_what_was_published_and_no_more(
    bucket, out, s3, shop, forbidden
):
    s3.hear(lambda request: "AccessDenied" if forbidden(request) else None)
    assert shop.run(out, "--overwrite", "--release", "crm", files=1) == 0
    assert call(["verify", out]) == 0
    s3.hear(None)
    assert_published(bucket, "out")
    assert bucket.uploads() == []


def test_without_the_right_to_remove_versions_a_reader_still_sees_what_was_published_and_no_more(bucket, out, s3, shop):
    def refuse(request: Request) -> bytes | None:
        keys = re.findall(rb"<Key>(.*?)</Key><VersionId>", request.body)
        errors = b"".join(b"<Error><Key>%s</Key><Code>AccessDenied</Code></Error>" % key for key in keys)
        return b"<DeleteResult>%s</DeleteResult>" % errors if keys else None

    s3.hear(refuse)
    assert shop.run(out, "--overwrite", "--release", "crm", files=1) == 0
    assert call(["verify", out]) == 0
    s3.hear(None)
    assert_published(bucket, "out")
    assert any(MARK in key for key, _, _ in bucket.versions())  # it could not be otherwise

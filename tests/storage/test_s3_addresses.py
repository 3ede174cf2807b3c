"""How a bucket is reached, and what is said when it is not."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from ..outputs import parts
from .blows import COMMAND, PATIENCE
from .bucket import SECRET, assert_nothing_hidden, assert_published
from .shop import PLAIN, ROWS, Plain, files, orders

REFUSED = "?endpoint=http://127.0.0.1:1&region=eu-west-1"
"""Nobody listens at the first port."""


@pytest.fixture
def shop(tmp_path, temporary):
    return Plain(tmp_path)


@pytest.fixture
def asked(s3, bucket):
    """What the server is asked for."""
    heard = []
    s3.hear(heard.append)
    return heard


def ran(*words, code=None):
    """A command in a process of its own, which knows nothing that this one learned."""
    start = (
        COMMAND if code is None else [sys.executable, "-c", f"{code}; from beam_deid.pipelines.cli import main; main()"]
    )
    return subprocess.run([*start, *words], capture_output=True, text=True, timeout=PATIENCE)


def assert_told(said, *words):
    """One message that says what, where and what to do, and nothing that is nobody's business."""
    message = said.strip().splitlines()[-1]
    assert message.startswith("beam-deid: ")
    assert message.count(": ") >= 2
    assert ". " in message
    for word in words:
        assert word in message
    for word in ("Traceback", "unforeseen", SECRET):
        assert word not in said


def test_endpoint_and_region_can_stand_in_the_path(bucket, s3, asked, shop, tmp_path, temporary, monkeypatch):
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    where = f"?endpoint={s3.address}&region=eu-west-1"
    hierarchy = PLAIN.replace("city: keep", "city: {generalize: {hierarchy: cities.csv, level: 0}}")
    (tmp_path / "cities.csv").write_bytes(files()["known/cities.csv"])
    bucket.put("in/cities.csv", tmp_path / "cities.csv")
    bucket.put("in/policy.yaml", hierarchy.encode())
    bucket.put("in/0.parquet", orders(0))
    done = ran(
        "run",
        f"{bucket.uri}/in/policy.yaml{where}",
        "-i",
        f"{bucket.uri}/in/*.parquet{where}",
        "-o",
        f"{bucket.uri}/out/{where}",
        "--workers",
        "1",
    )
    assert done.returncode == 0, done.stderr
    assert set(bucket.hashes("out")) == {"crm/part-00000.parquet", "report/part-00000.parquet"}
    shop.change(PLAIN, hierarchy)
    assert shop.run(str(tmp_path / "local"), files=1) == 0
    for path in parts(tmp_path / "local"):
        there = pq.read_table(pa.BufferReader(bucket.get(f"out/{path}")))
        assert there.equals(pq.read_table(tmp_path / "local" / path))
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)
    manifests = [bucket.get(f"out/{path}") for path in ("run.json", "crm/label.json", "report/label.json")]
    assert not any(word in manifest for manifest in manifests for word in (b"endpoint", b"region="))
    assert call(["verify", f"{bucket.uri}/out{where}"]) == 0


def test_who_is_anonymous_shows_no_credentials(bucket, asked, shop, tmp_path, capsys):
    shop.upload(bucket, "in")
    bucket.open_to_all()
    asked.clear()
    anonymous = f"{bucket.uri}/in/*.parquet?anonymous=true"
    assert call(["assess", "-i", anonymous, "--quasi", "city,age", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 3 * ROWS
    assert asked
    shop.run(f"{bucket.uri}/out?anonymous=true", files=1)  # the server decides whether that may be
    assert any(request.writes for request in asked)
    assert {request.signer for request in asked} == {""}


@pytest.mark.parametrize("named", ["path", "variable"])
def test_a_profile_says_whose_credentials_are_used(bucket, s3, asked, shop, tmp_path, monkeypatch, named):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile shop]\nregion = eu-west-1\n", "utf-8")
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = somebody\naws_secret_access_key = {SECRET}\n"
        f"[shop]\naws_access_key_id = shopkeeper\naws_secret_access_key = {SECRET}\n",
        "utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    if named == "variable":
        monkeypatch.setenv("AWS_PROFILE", "shop")
    out = f"{bucket.uri}/out" + ("?profile=shop" if named == "path" else "")
    asked.clear()
    done = ran(*shop.words(out, "--workers", "1", files=1))
    assert done.returncode == 0, done.stderr
    assert {request.signer for request in asked} == {"shopkeeper"}
    assert_published(bucket, "out")
    assert_nothing_hidden(bucket)


def test_a_profile_that_is_not_there_is_told(bucket, shop, capsys):
    assert shop.run(f"{bucket.uri}/out?profile=nobody", files=1) == 2
    assert_told(capsys.readouterr().err, "profile nobody", "aws configure")


def commands(shop, path):
    """Everything that takes a path, with this one."""
    return {
        "input": ["run", shop.policy, "-i", path, "-o", f"{shop.policy}.out", "--workers", "1"],
        "output": shop.words(path, "--workers", "1", files=1),
        "policy": ["plan", path],
        "verify": ["verify", path],
        "profile": ["profile", "-i", path],
        "assess": ["assess", "-i", path, "--quasi", "city"],
        "label": ["label", "--again", path],
        "publish": ["publish", path],
    }


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("http://example.org/x.parquet", ["http://", "local path"]),
        ("ftp://example.org/x", ["ftp://", "s3://"]),
        ("s3://", ["no bucket", "s3://BUCKET"]),
        ("s3:///x", ["no bucket"]),
        ("s3://orders/x?colour=red", ["no option colour", "region"]),
        (f"s3://orders/x?secret_key={SECRET}", ["no option secret_key"]),
        (f"s3://testing:{SECRET}@orders/x", ["credentials", "…@orders"]),
        ("s3://orders/x?endpoint=nonsense", ["no URL", "https://"]),
    ],
    ids=["http", "ftp", "nothing", "no bucket", "option", "secret option", "secret user", "endpoint"],
)
def test_a_path_that_means_nothing_is_refused_before_the_bucket_is_asked(
    bucket, asked, shop, tmp_path, monkeypatch, capsys, path, words
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    for name, command in commands(shop, path).items():
        assert call(command) == 2, name
        assert_told(capsys.readouterr().err, *words)
    assert asked == []
    assert sorted(tmp_path.iterdir()) == before


def test_a_bucket_that_is_not_there_is_told(bucket, shop, capsys):
    for name, command in commands(shop, "s3://nowhere/x").items():
        assert call(command) == 2, name
        assert_told(capsys.readouterr().err, "s3://nowhere/x")
    assert call(shop.words("s3://nowhere/x", files=1)) == 2
    assert_told(capsys.readouterr().err, "NO_SUCH_BUCKET", "bucket's name")


@pytest.mark.slow
def test_an_endpoint_that_does_not_answer_is_told(bucket, shop, capsys):
    for name, command in commands(shop, f"s3://orders/x{REFUSED}").items():
        assert call(command) in (2, 3), name
        said = capsys.readouterr().err
        assert_told(said, "s3://orders/x", "NETWORK_CONNECTION", "Check the endpoint")
        assert "127.0.0.1" not in said


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_credentials_that_may_not_are_told(bucket, s3, shop, capsys, code):
    s3.hear(lambda request: code)
    for name, command in commands(shop, f"{bucket.uri}/x").items():
        assert call(command) in (2, 3), name
        assert_told(capsys.readouterr().err, f"{bucket.uri}/x", "redentials")


def test_credentials_that_may_only_read_publish_nothing(bucket, s3, shop, temporary, capsys):
    s3.hear(lambda request: "AccessDenied" if request.writes else None)
    assert shop.run(f"{bucket.uri}/out", files=1) == 2
    assert_told(capsys.readouterr().err, "cannot write here", "ACCESS_DENIED")
    s3.hear(None)
    assert bucket.versions() == []
    assert [path for path in temporary.iterdir() if "beam-deid" in path.name] == []


def test_credentials_that_may_only_read_are_enough_for_all_that_reads(bucket, s3, shop, capsys):
    assert shop.run(f"{bucket.uri}/out", files=1) == 0
    s3.hear(lambda request: "AccessDenied" if request.writes else None)
    assert call(["verify", f"{bucket.uri}/out"]) == 0
    assert call(["assess", "-i", f"{bucket.uri}/out/report/part-*", "--quasi", "city,age"]) == 0


def test_without_boto3_buckets_are_read_and_not_written(bucket, shop):
    without = "import sys; sys.modules['boto3'] = None"
    assert shop.run(f"{bucket.uri}/out", files=1) == 0
    before = bucket.versions()
    read = ran("verify", f"{bucket.uri}/out", "--json", code=without)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout)
    written = ran(*shop.words(f"{bucket.uri}/other", files=1), code=without)
    assert written.returncode == 2
    assert_told(written.stderr, "boto3", "pip install")
    assert bucket.versions() == before

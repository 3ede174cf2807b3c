"""All of a run in a bucket, on Flink and Spark: input, policy, keyring, register, what the policy names, and the output."""

import json
import os

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import run as job
from beam_deid.transforms.register.document import State
from beam_deid.transforms.register.folder import read

from ..kit.keys import KEK
from ..kit.outputs import labels, parts, without_times
from ..kit.s3.bucket import assert_nothing_hidden, assert_published
from ..kit.stored_shop import POLICY, fill, upload, without_earlier
from .artefacts import needs_java

pytestmark = [pytest.mark.engines, pytest.mark.exhaustive, needs_java]

OF_ITS_REGISTER = ("register",)
"""What of a label names the register of its run, which each place has for itself."""


@pytest.fixture(scope="module", autouse=True)
def stored(shared_bucket, tmp_path_factory):
    """A shop on a disk and in a bucket, and what this process releases of the files on the disk.

    The policy names the same paths in both runs, for files of a release bear its hash.
    """
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SHOP_KEK", KEK)  # for the cluster as well, which is started after this
        fill(folder)
        text = without_earlier(POLICY)
        for named in ("keys/", "known/"):
            text = text.replace(named, f"{shared_bucket.uri}/shop/{named}")
        (folder / "policy.yaml").write_text(text, "utf-8")
        upload(folder, shared_bucket, "shop")
        assert run(str(folder), str(folder / "out"), "--workers", "1") == 0
        yield folder


def run(shop, out, *more):
    return call(["run", f"{shop}/policy.yaml", "-i", f"{shop}/orders/**", "-o", out, "--new-register", *more])


def test_a_run_in_a_bucket_is_that_on_a_disk(cluster, stored, shared_bucket, monkeypatch):
    # As if the workers were on other machines, which find everything by what a path says of itself.
    monkeypatch.setattr(job, "is_here", lambda *_: False)
    place = f"{cluster.runner}/out"
    shop = f"{shared_bucket.uri}/shop"
    assert run(shop, f"{shared_bucket.uri}/{place}", "--runner", cluster.runner, "--", *cluster.options) == 0
    assert shared_bucket.hashes(place) == parts(stored / "out")
    ours = {name: shared_bucket.manifest(f"{place}/{name}/label.json") for name in ("crm", "report")}
    assert told(ours) == told(labels(stored / "out"))
    assert_published(shared_bucket, place)
    assert_nothing_hidden(shared_bucket)
    assert shared_bucket.uploads() == []
    assert_register_is_whole(shared_bucket, cluster.runner)
    assert call(["verify", f"{shared_bucket.uri}/{place}"]) == 0


def told(found):
    """What labels say of releases, wherever the register is."""
    return {
        name: {key: value for key, value in without_times(label).items() if key not in OF_ITS_REGISTER}
        for name, label in found.items()
    }


def assert_register_is_whole(bucket, folder):
    """It knows both releases, and has the tables that it names and nothing else."""
    document = read(f"{bucket.uri}/{folder}/shop.register")
    assert {one.release: one.state for one in document.releases} == dict.fromkeys(("crm", "report"), State.PUBLISHED)
    seen = bucket.keys(f"{folder}/shop.register/")
    assert {key.rpartition("/")[2] for key in seen if "/tables/" in key} == set(document.files)
    assert all("/tables/" in key or "/revision-" in key for key in seen)
    assert bucket.keys(f"{folder}/") == sorted([*bucket.keys(f"{folder}/out/"), *seen])
    # Who may open the bucket is nobody's business who reads the register.
    for key in seen:
        if "/revision-" in key:
            assert os.environ["AWS_SECRET_ACCESS_KEY"] not in json.dumps(bucket.manifest(key))

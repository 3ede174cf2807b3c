"""An engine is asked before anything is read: is there one of that name, does it know its options, does it answer?"""

import socket

import pytest

from beam_deid.transforms.beam.engine_check import check_engine
from beam_deid.transforms.errors import UsageError

from ..kit.job_service import free_port


@pytest.mark.parametrize("runner", ["FnApiRunner", "DirectRunner", "directrunner", "bundlebaseddirect"])
def test_engines_that_beam_knows_are_known_as_beam_writes_them(runner):
    check_engine(runner, ["--direct_num_workers=2", "--flink_version", "1.19", "--streaming"])


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--flink_mastr=far:8081", "Did you mean --flink_master?"),
        ("--frobnicate", "Options of beam-deid stand before --"),
        ("--direct_num_workers=many", "invalid int value"),
        ("orders.csv", "is the value of no option"),
        ("-x", "Beam has no option -x"),
    ],
)
def test_options_that_beam_would_pass_over_are_refused(option, said):
    with pytest.raises(UsageError) as refused:
        check_engine("FnApiRunner", [option])
    assert said in refused.value.message


@pytest.mark.parametrize("runner", ["Foo", "DirectRuner", "no.such.Runner", "os.path.Runner"])
def test_engines_that_there_are_not_are_refused(runner):
    with pytest.raises(UsageError):
        check_engine(runner, [])


def test_a_service_answers_or_is_named():
    with socket.socket() as service:
        service.bind(("localhost", 0))
        service.listen()
        port = service.getsockname()[1]
        check_engine("PortableRunner", [f"--job_endpoint=localhost:{port}"])
    with pytest.raises(UsageError, match=f"nothing answers at localhost:{port}"):
        check_engine("PortableRunner", [f"--job_endpoint=localhost:{port}"])
    with pytest.raises(UsageError, match="says nowhere"):
        check_engine("PortableRunner", [])


def test_an_engine_whose_service_beam_starts_needs_java(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    for runner in ("FlinkRunner", "SparkRunner"):
        with pytest.raises(UsageError, match="needs Java"):
            check_engine(runner, [])
    with pytest.raises(UsageError, match="nothing answers"):
        check_engine("FlinkRunner", [f"--job_endpoint=localhost:{free_port()}"])

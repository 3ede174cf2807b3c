"""An engine is asked before anything is read: is there one of that name, does it know its options, does it answer?"""

import contextlib
import socket
import threading

import pytest
from apache_beam.runners.portability.local_job_service import LocalJobServicer

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


def test_a_service_answers_or_is_named(tmp_path):
    jobs = LocalJobServicer(str(tmp_path))
    port = jobs.start_grpc_server()
    check_engine("PortableRunner", [f"--job_endpoint=localhost:{port}"])
    jobs.stop()
    with pytest.raises(UsageError, match=f"nothing answers at localhost:{port}"):
        check_engine("PortableRunner", [f"--job_endpoint=localhost:{port}"])
    with pytest.raises(UsageError, match="says nowhere"):
        check_engine("PortableRunner", [])


def test_what_answers_is_a_job_service_or_is_refused():
    with socket.socket() as web:
        web.bind(("localhost", 0))
        web.listen()
        answering = threading.Thread(target=answer_as_a_web_server, args=(web,), daemon=True)
        answering.start()
        port = web.getsockname()[1]
        with pytest.raises(UsageError, match=f"what answers at localhost:{port} is no job service of Beam"):
            check_engine("PortableRunner", [f"--job_endpoint=localhost:{port}"])


def answer_as_a_web_server(web):
    with contextlib.suppress(OSError):
        while True:
            connection, _ = web.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def test_an_engine_whose_service_beam_starts_needs_java(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    for runner in ("FlinkRunner", "SparkRunner"):
        with pytest.raises(UsageError, match="needs Java"):
            check_engine(runner, [])
    with pytest.raises(UsageError, match="nothing answers"):
        check_engine("FlinkRunner", [f"--job_endpoint=localhost:{free_port()}"])

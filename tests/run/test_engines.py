"""Where an engine's workers are: on this machine or elsewhere, as its name and options say."""

import pytest

from beam_deid.transforms.run.engines import is_here

HERE = {
    "FnApiRunner": [
        "",
        "--environment_type=DOCKER",
        "--direct_num_workers=2",
        "--job_endpoint=far:1",
    ],
    "fnapi": [""],
    "DirectRunner": ["", "--environment_type=LOOPBACK", "--direct_running_mode=multi_processing"],
    "direct": [""],
    "BundleBasedDirectRunner": [""],
    "InteractiveRunner": [""],
    "PrismRunner": ["", "--environment_type=PROCESS", "--environment_type EXTERNAL --environment_config [::1]:5"],
    "PortableRunner": [
        "--job_endpoint=localhost:1 --environment_type=LOOPBACK",
        "--job_endpoint far:1 --environment_type LOOPBACK",
        "--job_endpoint=localhost:1 --environment_type=EXTERNAL --environment_config=localhost:2",
        "--job_endpoint localhost:1 --environment_type EXTERNAL --environment_config 127.0.0.1:2",
        "--job_endpoint=embed --environment_type=EXTERNAL --environment_config=127.0.0.1:2",
        "--job_endpoint=[::1]:1 --environment_type=PROCESS",
        "--environment_type=DOCKER --environment_type=LOOPBACK --job_endpoint=far:1",
    ],
    "FlinkRunner": [
        "",
        "--flink_master=[local]",
        "--flink_master [auto]",
        "--flink_master=far:8081 --environment_type=LOOPBACK",
        "--flink_master=http://localhost:8081 --environment_type=EXTERNAL --environment_config=localhost:2",
        "--flink_master LOCALHOST:8081 --environment_type PROCESS",
    ],
    "SparkRunner": [
        "",
        "--spark_master_url=local[8]",
        "--spark_master_url=local",
        "--spark_master_url=spark://127.0.0.1:7077 --environment_type=EXTERNAL --environment_config=localhost:2",
    ],
}
ELSEWHERE = {
    "DirectRunner": ["--environment_type=DOCKER", "--job_endpoint=far:1 --environment_type=PROCESS"],
    "PrismRunner": ["--environment_type DOCKER", "--environment_type=EXTERNAL --environment_config=far:1"],
    "PortableRunner": [
        "",
        "--job_endpoint=localhost:1",
        "--job_endpoint=localhost:1 --environment_type=DOCKER",
        "--job_endpoint=embed",
        "--job_endpoint=far:1 --environment_type=EXTERNAL --environment_config=localhost:2",
        "--job_endpoint far:1 --environment_type EXTERNAL --environment_config localhost:2",
        "--job_endpoint=localhost:1 --environment_type=EXTERNAL --environment_config=far:2",
        "--job_endpoint=localhost:1 --environment_type=EXTERNAL",
        "--environment_type=EXTERNAL --environment_config=localhost:2",
        '--job_endpoint=localhost:1 --environment_type=EXTERNAL --environment_config={"url":"localhost:2"}',
        "--job_endpoint=localhost:1 --artifact_endpoint=far:1 --environment_type=PROCESS",
        "--job_endpoint=far:1 --environment_type=PROCESS",
        "--job_endpoint=localhost:1 --environment_type=beam:env:process:v1",
        "--job_endpoint=localhost.far.example:1 --environment_type=PROCESS",
        "--job_endpoint=127.far.example:1 --environment_type=PROCESS",
        "--job_endpoint=localhost:1,far:1 --environment_type=PROCESS",
        "--job_endpoint=localhost:1 --job_endpoint=far:1 --environment_type=PROCESS",
        "--environment_type=LOOPBACK --environment_type=DOCKER --job_endpoint=localhost:1",
        "--job_endpoint=localhost:1 --environment_type=LOOPBACK --output_executable_path=job.jar",
    ],
    "FlinkRunner": [
        "--flink_master=localhost:8081",
        "--flink_master=far:8081",
        "--flink_master=far:8081 --environment_type=EXTERNAL --environment_config=localhost:2",
    ],
    "SparkRunner": [
        "--spark_master_url=local-cluster[2,1,1024]",
        "--spark_master_url=spark://localhost:7077,far:7077 --environment_type=PROCESS",
        "--spark_submit_uber_jar --spark_rest_url=http://far:6066 --environment_type=EXTERNAL --environment_config=localhost:2",
    ],
    "DataflowRunner": [
        "",
        "--environment_type=LOOPBACK",
        "--environment_type=EXTERNAL --environment_config=localhost:2",
    ],
    "DaskRunner": [""],
    "KafkaStreamsRunner": ["--environment_type=LOOPBACK"],
    "my.own.FnApiRunner": [""],
    "": [""],
}


def pairs(table):
    return [(runner, options) for runner, those in table.items() for options in those]


@pytest.mark.parametrize(("runner", "options"), pairs(HERE))
def test_workers_are_here_where_name_and_options_say_so(runner, options):
    assert is_here(runner, options.split())


@pytest.mark.parametrize(("runner", "options"), pairs(ELSEWHERE))
def test_workers_are_elsewhere_where_that_is_not_sure(runner, options):
    assert not is_here(runner, options.split())

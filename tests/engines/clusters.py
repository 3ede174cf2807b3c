"""Flink and Spark as standalone clusters on loopback: their processes, Beam's job server, and pools of Python workers."""

import contextlib
import functools
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..kit.job_service import free_port
from .artefacts import flink_jars, job_server, spark_home
from .servers import Servers, answer, worker_pool

MANAGERS = ("taskmanager-1", "taskmanager-2")
WORKERS = {"worker-1": "127.0.0.1", "worker-2": "127.0.0.2"}
"""Addresses of Spark's workers, by their names. Two, for a second attempt at a task is given to another host or to none."""
NOTHING: Mapping[str, str] = {}
SLOTS = 2
"""Of each TaskManager."""

_FLINK_SIZES = {
    "taskmanager.cpu.cores": "1",
    "taskmanager.memory.task.off-heap.size": "0",
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.managed.size": "128m",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
}
"""What ``taskmanager.sh`` would work out; here no script stands before the processes."""


@dataclass
class Cluster:
    """An engine that takes runs.

    Attributes:
        runner: Beam's name of it.
        options: Beam's options of a run on it.
        servers: Its processes.
        address: Where its own pages are.
        machines: The names of the processes that each stand for a machine.
        restart: How each process is started again that a test may end, by its name.
    """

    runner: str
    options: list[str]
    servers: Servers
    address: str
    machines: tuple[str, ...]
    restart: dict[str, Callable[[], None]] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """How many machines the engine knows, and holds to be alive."""
        overview = self.asks("/overview" if self.runner == "FlinkRunner" else "/json/") or {}
        return int(overview.get("taskmanagers", overview.get("aliveworkers", 0)))

    def until_whole(self) -> None:
        """Wait until the engine has all of its machines."""
        self.servers.until("all machines", lambda: self.known == len(self.machines))

    def end_machines(self) -> None:
        """End all of them, and wait until the engine has noticed."""
        for name in self.machines:
            self.servers.kill(name)
        self.servers.until("no machine", lambda: self.known == 0)

    def mend_machines(self) -> None:
        """Start all of them again."""
        for name in self.machines:
            self.mend(name)
        self.until_whole()

    def mend(self, name: str) -> None:
        """Start a process again that was ended, as whatever looks after a cluster does."""
        self.restart[name]()

    def asks(self, path: str) -> Any:
        """What the engine says of itself at a path of its REST interface; None where it does not answer."""
        found = answer(f"{self.address}{path}")
        return json.loads(found) if found else None


@contextlib.contextmanager
def flink(folder: Path, environment: Mapping[str, str], heap: str = "512m") -> Iterator[Cluster]:
    """A JobManager and two TaskManagers of two slots each.

    Args:
        folder: Where all work, and where their logs are.
        environment: What the Python workers have in their environment beside that of this process.
        heap: Memory for what is Java's in each TaskManager; broadcast side inputs are there.
    """
    rest, rpc, jobs = free_port(), free_port(), free_port()
    _configure_flink(folder, rest, rpc)
    with Servers(folder) as servers:
        with_configuration = {"FLINK_CONF_DIR": str(folder)}
        main = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        servers.java(
            "jobmanager", "512m", "-cp", _flink_classes(), main, "-c", str(folder), environment=with_configuration
        )
        for name in MANAGERS:
            start_manager(servers, name, heap)
        cluster = Cluster("FlinkRunner", [], servers, f"http://127.0.0.1:{rest}", MANAGERS)
        cluster.until_whole()
        start_flink_jobs(servers, jobs, rest)
        cluster.options += [
            *_options(servers, jobs, environment),
            f"--parallelism={len(MANAGERS) * SLOTS}",
        ]
        for name in MANAGERS:
            cluster.restart[name] = functools.partial(start_manager, servers, name, heap)
        cluster.restart["jobs"] = functools.partial(start_flink_jobs, servers, jobs, rest)
        yield cluster


def start_manager(servers: Servers, name: str, heap: str = "512m") -> None:
    """Start a TaskManager."""
    sizes = {**_FLINK_SIZES, "taskmanager.resource-id": name, "taskmanager.memory.task.heap.size": heap}
    flags = [word for key, value in sizes.items() for word in ("-D", f"{key}={value}")]
    main = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
    with_configuration = {"FLINK_CONF_DIR": str(servers.folder)}
    servers.java(
        *(name, heap, "-XX:MaxDirectMemorySize=512m", "-cp", _flink_classes()),
        *(main, "-c", str(servers.folder), *flags),
        environment=with_configuration,
    )


def _flink_classes() -> str:
    """Flink's jars and Beam's.

    Python workers live on from stage to stage where Beam's classes are the cluster's own and ``environment_cache_millis`` says
    how long they may wait; else each stage starts them anew, which takes seconds.
    """
    return f"{flink_jars()}/*:{job_server('flink')}"


def start_flink_jobs(servers: Servers, port: int, rest: int) -> None:
    """Start Beam's job server before Flink, and wait until it listens."""
    where = [f"--flink-master=127.0.0.1:{rest}"]
    _start_jobs(servers, "flink", port, where)


@contextlib.contextmanager
def service(folder: Path, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """Beam's own job service, in Python, which hands a run's stages to one pool of workers.

    Args:
        folder: Where all work, and where their logs are.
        environment: What the Python workers have in their environment beside that of this process.
    """
    jobs = free_port()
    with Servers(folder) as servers:
        main = ["-m", "apache_beam.runners.portability.local_job_service_main", f"--job_port={jobs}"]
        servers.start("jobs", [sys.executable, *main])
        servers.until("the job service", lambda: _listens(jobs))
        yield Cluster("PortableRunner", _options(servers, jobs, environment), servers, "", ())


@contextlib.contextmanager
def spark(
    folder: Path, environment: Mapping[str, str], memory: str = "1g", more: Mapping[str, str] = NOTHING
) -> Iterator[Cluster]:
    """A master and two workers of one core each.

    Args:
        folder: Where all work, and where their logs are.
        environment: What the Python workers have in their environment beside that of this process.
        memory: Of each executor.
        more: Further settings of Spark's, without ``spark.`` before their names.
    """
    port, pages, jobs = free_port(), free_port(), free_port()
    with Servers(folder) as servers:
        known = {
            "SPARK_HOME": str(spark_home()),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_SCALA_VERSION": "2.12",
        }
        (folder / "events").mkdir()
        jars = f"{spark_home()}/jars/*"
        where = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(pages)]
        master = ["org.apache.spark.deploy.master.Master", *where]
        servers.java("master", "512m", "-cp", jars, *master, environment=known)
        cluster = Cluster("SparkRunner", [], servers, f"http://127.0.0.1:{pages}", tuple(WORKERS))
        servers.until("the master", lambda: cluster.asks("/json/") is not None)
        url = f"spark://127.0.0.1:{port}"

        def start_worker(name: str) -> None:
            here = ["--host", WORKERS[name]]
            room = ["--cores", "1", "--memory", memory, "--webui-port", "0", "--work-dir", str(folder / name)]
            worker = ["org.apache.spark.deploy.worker.Worker", *here, *room, url]
            servers.java(name, "256m", "-cp", jars, *worker, environment=known)

        for name in WORKERS:
            start_worker(name)
            cluster.restart[name] = functools.partial(start_worker, name)
        cluster.until_whole()
        settings = [
            f"-Dspark.{key}={value}"
            for key, value in {
                "driver.host": "127.0.0.1",
                "driver.bindAddress": "127.0.0.1",
                "executor.memory": memory,
                "ui.enabled": "false",
                "eventLog.enabled": "true",
                "eventLog.dir": str(folder / "events"),
                **more,
            }.items()
        ]
        _start_jobs(servers, "spark", jobs, [f"--spark-master-url={url}"], settings, known)
        cluster.options += _options(servers, jobs, environment)
        yield cluster


def _start_jobs(
    servers: Servers,
    engine: str,
    port: int,
    where: list[str],
    settings: list[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    jar = ["-jar", str(job_server(engine))]
    here = ["--job-host=127.0.0.1", f"--job-port={port}", "--artifact-port=0", "--expansion-port=0"]
    artefacts = [f"--artifacts-dir={servers.folder / 'artefacts'}"]
    servers.java("jobs", "1g", *(settings or []), *jar, *where, *here, *artefacts, environment=environment)
    servers.until("the job server", lambda: _listens(port))


def _options(servers: Servers, jobs: int, environment: Mapping[str, str]) -> list[str]:
    """Start the pool of Python workers, and say where it and the job server are."""
    port = free_port()
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    servers.start("pool", worker_pool(port), {**environment, "PATH": path})
    servers.until("the worker pool", lambda: _listens(port))
    return [
        f"--job_endpoint=127.0.0.1:{jobs}",
        "--environment_type=EXTERNAL",
        f"--environment_config=127.0.0.1:{port}",
        "--environment_cache_millis=60000",  # for Flink see `_flink_classes`
    ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _configure_flink(folder: Path, rest: int, rpc: int) -> None:
    """Everything listens on loopback; slots of both TaskManagers are taken evenly; a lost one is noticed soon."""
    settings = {
        "jobmanager.bind-host": "127.0.0.1",
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": rpc,
        "jobmanager.memory.process.size": "1024m",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.numberOfTaskSlots": SLOTS,
        "taskmanager.load-balance.mode": "SLOTS",
        "classloader.resolve-order": "parent-first",  # for what `_flink_classes` says
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": rest,
        "heartbeat.interval": "1000",
        "heartbeat.timeout": "10000",
        "io.tmp.dirs": str(folder),
        "taskmanager.network.sort-shuffle.min-buffers": 64,
        "state.checkpoints.dir": (
            folder / "checkpoints"
        ).as_uri(),  # of a stream; else they must fit the JobManager's memory
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "1 s",
    }
    text = "".join(f"{key}: {value}\n" for key, value in settings.items())
    (folder / "config.yaml").write_text(text)

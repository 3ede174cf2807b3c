import os
from collections.abc import Iterator

import pytest

from ..kit.keys import KEY
from .clusters import Cluster, flink, spark

ENGINES = {"flink": flink, "spark": spark}


@pytest.fixture(scope="module", params=list(ENGINES))
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Each engine, one after the other. Their logs are in pytest's temporary folder, which stays if a test fails."""
    opens_buckets = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    with ENGINES[request.param](
        tmp_path_factory.mktemp(request.param), {**opens_buckets, "BEAM_DEID_KEY": KEY}
    ) as started:
        yield started

import numpy as np
import pytest

from beam_deid.transforms.risk.histogram import Classes
from beam_deid.transforms.risk.population import pitman_share, population_uniqueness, snb_share, zayatz_share

from ..kit.shared import needs_adult
from .adult import QUASI, adult
from .tables import keys


@pytest.fixture(scope="module")
def sizes():
    table = adult()
    classes = Classes(keys(*(table.column(name).to_pylist() for name in QUASI)), np.ones(len(table), np.int64), None)
    return classes.records


@needs_adult
def test_adults_classes_are_those_that_arx_counts(sizes):
    # ARX asserts these in TestRiskMetrics: average risk and sample uniqueness.
    assert len(sizes) == 19_502
    assert len(sizes) / sizes.sum() == pytest.approx(0.6465751607983555, abs=1e-15)
    assert (sizes == 1).sum() / sizes.sum() == pytest.approx(0.5142895033485844, abs=1e-15)


@needs_adult
@pytest.mark.parametrize(
    ("fraction", "name", "expected"),
    [
        (0.1, "pitman", 0.27684993883653597),
        (0.1, "zayatz", 0.3207402393466189),
        (0.01, "chosen", 0.1446083531),
        (0.2, "chosen", 0.3577099235),
        (1.0, "chosen", 0.5142895033),
    ],
)
def test_adults_estimates_are_those_of_arx(sizes, fraction, name, expected):
    found = population_uniqueness(sizes, round(sizes.sum() / fraction))
    assert getattr(found, name) == pytest.approx(expected, abs=1e-9)


def test_a_sample_that_is_the_population_needs_no_estimate():
    found = population_uniqueness(np.array([1, 1, 3]), 5)
    assert (found.sample, found.pitman, found.zayatz, found.chosen) == (0.4, 0.4, 0.4, 0.4)
    assert population_uniqueness(np.array([1, 1, 3]), 2).population == 5


@pytest.mark.parametrize("sizes", [[1], [1, 1, 1], [5], [2, 2], [1, 2], [1, 3, 3], [1, 1, 2], [1] * 50 + [2]])
@pytest.mark.parametrize("population", [100, 10_000])
def test_small_samples_have_shares_or_none(sizes, population):
    sizes = np.array(sizes)
    pitman = pitman_share(sizes, population)
    zayatz = zayatz_share(sizes, population)
    assert pitman is None or 0 <= pitman <= 1
    assert 0 <= zayatz <= 1
    found = population_uniqueness(sizes, population)
    assert found.chosen in (found.pitman, found.zayatz, found.snb)
    assert found.snb is None or 0 <= found.snb <= 1


def test_without_a_unique_record_none_is_unique():
    assert zayatz_share(np.array([2, 3, 4]), 1000) == 0


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.3), (1.5, 0.5), (3.0, 0.6)])
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_shifted_negative_binomial_finds_the_law_that_made_the_classes(alpha, beta, rate):
    random = np.random.default_rng(3)
    classes = 400_000
    population = 1 + random.negative_binomial(alpha, beta, classes)
    sample = random.binomial(population, rate)
    sizes = sample[sample > 0]
    records = int(population.sum())
    true = (population == 1).sum() / records
    assert snb_share(sizes, records, every=classes) == pytest.approx(true, rel=0.05)
    # Shlosser's estimate of the number of classes errs on the safe side.
    assert snb_share(sizes, records) > 0.9 * true


@needs_adult
def test_dankars_rule_takes_the_lesser_of_two_for_large_samples(sizes):
    found = population_uniqueness(sizes, round(sizes.sum() / 0.2))
    assert found.chosen == found.zayatz < found.snb

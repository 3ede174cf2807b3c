import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from beam_deid.transforms.beam.secret import RunSecret
from beam_deid.transforms.columns.fingerprint import FingerprintKey


def key_of(number, given):
    """Whether the side input holds a key, and which."""
    key = given.fingerprint_key
    return type(key) is FingerprintKey, key.secret.hex()


def secrets_of(folder):
    """The keys that the elements of two steps of one pipeline were given."""
    with beam.Pipeline(FnApiRunner()) as pipeline:
        given = beam.pvalue.AsSingleton(pipeline | RunSecret())
        for step in "ab":
            _ = (
                pipeline
                | f"{step}: elements" >> beam.Create(range(5))
                | f"{step}: spread" >> beam.Reshuffle()
                | f"{step}: with the key" >> beam.Map(key_of, given)
                | f"{step}: together" >> beam.combiners.ToList()
                | f"{step}: written" >> beam.Map(lambda found, path: path.write_text(repr(set(found))), folder / step)
            )
    return [(folder / step).read_text() for step in "ab"]


def test_all_steps_of_a_run_have_one_key_and_each_run_another(tmp_path):
    first, second = secrets_of(tmp_path)
    assert first == second
    assert first.startswith("{(True, '")
    assert first.count("True") == 1
    assert secrets_of(tmp_path)[0] != first


def test_nothing_in_the_graph_is_a_key():
    pipeline = beam.Pipeline(FnApiRunner())
    _ = pipeline | RunSecret()
    # Building it makes none, so that there is none to write down.
    graph = str(pipeline.to_runner_api())
    assert graph == str(pipeline.to_runner_api())
    assert "FingerprintKey" not in graph.replace("beam_deid.transforms.columns.fingerprint.FingerprintKey", "")

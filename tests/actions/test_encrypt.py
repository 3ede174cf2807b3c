import pyarrow as pa

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.encrypt import Encrypt

from ..kit.fixed_keys import FixedKeys

PLACES = pa.array([row.to_bytes(16, "big") for row in range(3)], pa.binary(16))


def encrypted(target, values=("same", "same", "other"), places=PLACES):
    return Encrypt(domain="d").bind(target, FixedKeys())(pa.array(values), places).values.to_pylist()


def test_equal_values_differ_by_place_field_and_release_and_are_the_same_again():
    targets = [Target("r", "a"), Target("r", "b"), Target("s", "a")]
    found = [value for target in targets for value in encrypted(target)]
    assert len(set(found)) == len(found)
    assert encrypted(targets[0]) == encrypted(targets[0])


def test_without_places_nothing_is_the_same_again():
    assert not set(encrypted(Target("r", "a"), places=None)) & set(encrypted(Target("r", "a"), places=None))


def test_every_field_of_a_domain_restores_what_another_made():
    values = pa.array(encrypted(Target("r", "a")))
    restored = Encrypt(domain="d").restoring(Target("s", "b"), FixedKeys(), None)(values)
    assert restored.values.to_pylist() == ["same", "same", "other"]

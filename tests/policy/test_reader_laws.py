import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.reader import policy_from_mapping, read_policy

from ..kit.examples import examples
from .policies import ORDERS, orders

SECRET = "c4f1a9e07b3d58264e90dd317ab65f28"

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["keep", "mask", "city", "quasi_identifier", "mobile", "env:X", "year", "a/b.csv"]),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.one_of(
                st.text(max_size=5),
                st.sampled_from(["mask", "generalize", "key", "role", "hierarchy", "level", "knows"]),
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def read_or_refuse(path: Path, content: bytes) -> str:
    """The refusal of a policy, or nothing where it is right; any other error fails the test."""
    path.write_bytes(content)
    try:
        read_policy(str(path))
    except PolicyError as error:
        return str(error)
    return ""


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))][0 if path else 1 :]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policy") / "policy.yaml"


@examples(1.5)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_no_content_of_a_file_raises_anything_but_a_policy_error(path: Path, content: bytes) -> None:
    assert read_or_refuse(path, content)


@examples(1.5)
@given(st.integers(0, 2**32))
def test_no_damage_to_a_policy_raises_anything_else_or_repeats_its_key(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    text = ORDERS.replace("env:BEAM_DEID_KEY", SECRET)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text))
        stop = start + chance.randint(0, 3)
        if ORDERS.find("keys:") <= start <= ORDERS.find("keys:") + 60:
            continue  # a key that is torn apart is not the key
        text = text[:start] + "".join(chance.choices("{}[]:,'\"&*!|>%@#-\t\n a1\0é", k=2)) + text[stop:]
    assert SECRET not in read_or_refuse(path, text.encode())


@examples(3)
@given(st.data())
def test_no_value_in_any_place_raises_anything_but_a_policy_error(data: st.DataObject) -> None:
    mapping = orders()
    place = data.draw(st.sampled_from(places(mapping)))
    here: Any = mapping
    for part in place[:-1]:
        here = here[part]
    here[place[-1]] = data.draw(values)
    with contextlib.suppress(PolicyError):
        policy_from_mapping(mapping)


@given(st.dictionaries(st.one_of(st.text(), st.integers(), st.none()), values) | values)
def test_no_mapping_raises_anything_but_a_policy_error(mapping: Any) -> None:
    with pytest.raises(PolicyError):
        policy_from_mapping(mapping)

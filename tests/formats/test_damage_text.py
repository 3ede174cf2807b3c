"""Delimited text that was damaged: refused, or rows are at fault; no row that the damage does not touch is lost or changed."""

from collections import Counter
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError

from ..kit.damage import damaged
from ..kit.examples import examples
from .read_files import read_file

PLAIN = ["id,name,city,price", *(f"{number},n{number},c{number % 3},{number}.5" for number in range(40))]
QUOTED = ['"id","name","city","price"', *(f'"{n}","n{n}, ""x""","c{n % 3}","{n}.5"' for n in range(40))]
LONG = ["订单,姓名,城市,备注", *(f'30{n},张伟{n},杭州市,"备注 {n}, 好\n第二行 ""x"""' for n in range(40))]
WESTERN = ["id\tname\tcity", *(f"{number}\tJörg {number}\tKöln" for number in range(40))]
JAPANESE = ["id,名前,市", *(f"{number},佐藤{number},東京都" for number in range(40))]
FORMS = {
    "plain": (PLAIN, "\n", "ascii"),
    "quoted": (QUOTED, "\r\n", "ascii"),
    "long": (LONG, "\r\n", "utf-8"),
    "long, Chinese bytes": (LONG, "\n", "gb18030"),
    "western": (WESTERN, "\r\n", "cp1252"),
    "japanese": (JAPANESE, "\n", "cp932"),
    "wide": (LONG, "\r\n", "utf-16-le"),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("damage") / "in.csv"


@pytest.mark.parametrize("form", FORMS)
@given(st.data())
@examples(5)
def test_what_the_damage_does_not_touch_is_as_it_was_or_told(path, form, draw):
    lines, end, encoding = FORMS[form]
    pieces = [(line + end).encode(encoding) for line in lines]
    data = b"".join(pieces)
    path.write_bytes(data)
    names, whole, faults = read_file(path)
    assert faults == {}
    rows = [tuple(record.values()) for record in whole.values()]
    bounds = list(pairwise(accumulate(map(len, pieces), initial=0)))
    hurt = draw.draw(damaged(data, begin=bounds[0][1]))
    path.write_bytes(hurt.data)
    try:
        same, records, faults = read_file(path)
    except InputError:
        return
    assert same == names
    # Of a line end of two characters the first alone ends a row, and what the damage makes of the other begins the next.
    before = len(end[1:].encode(encoding))
    left = [row for row, (begin, stop) in zip(rows, bounds[1:], strict=True) if not hurt.touches(begin - before, stop)]
    found = [tuple(record.values()) for record in records.values()]
    touched = [row for row in rows if row not in left]
    # A line end that is lost joins a row that is touched with the next, and a quote at most with those whose quotes it meets.
    lost = Counter(left) - Counter(found)
    assert sum(lost.values()) <= len(faults)
    # A row of several lines may come in two, and one that is doubled be there twice.
    new = Counter(found) - Counter(rows)
    assert sum(new.values()) <= 2 * len(touched) + 1

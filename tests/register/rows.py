"""Fingerprints of nobody, and what DuckDB finds in a file of them."""

import hashlib
from collections import Counter

import duckdb
import numpy as np
from hypothesis import strategies as st

from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.register.prints_file import PrintsFile
from beam_deid.transforms.register.tables import write_prints

ALL = 1 << 64
EXTREMES = (0, 1, 2**63 - 1, 2**63, ALL - 1)


def keys(values):
    """Numbers as fingerprints."""
    return np.array(list(values), np.uint64)


def random_keys(random, count):
    """So many fingerprints, any."""
    return random.integers(0, ALL, count, dtype=np.uint64)


def some(seed, rows, persons=("subject", "mobile"), values=("city", "item"), normal=("item",)):
    """A release of so many records, and so many persons less a third, with few values a field."""
    random = np.random.default_rng(seed)
    who = random.integers(0, max(1, rows * 2 // 3), rows)
    few = {name: random_keys(random, 12) for name in (*values, *normal)}
    return Prints(
        random_keys(random, rows),
        {name: random_keys(random, max(1, rows * 2 // 3))[who] for name in persons},
        {name: few[name][random.integers(0, 12, rows)] for name in values},
        {name: few[name][random.integers(0, 12, rows)] for name in normal},
    )


def picked(prints, rows):
    """Some of the rows, or all in another order."""
    named = (prints.persons, prints.values, prints.normal)
    return Prints(prints.record[rows], *({name: column[rows] for name, column in one.items()} for one in named))


def counted(prints):
    """How often each row is there, whatever the order of rows; and the names of columns."""
    columns = prints.columns
    names = sorted(columns)
    return names, Counter(zip(*(columns[name].tolist() for name in names), strict=True))


def counted_by_duckdb(path, there="", renamed=lambda name: name):
    """The same of a file, or of those rows of it where a column says so, as DuckDB reads it."""
    found = duckdb.sql(f"SELECT * FROM read_parquet('{path}')" + (f' WHERE "{there}"' if there else ""))
    names = {renamed(name): place for place, name in enumerate(found.columns) if renamed(name)}
    order = sorted(names)
    return order, Counter(tuple(row[names[name]] for name in order) for row in found.fetchall())


def written(path, prints, file="table"):
    """Write a table, and what a register says of it."""
    return Table(file, *write_prints(str(path), [prints]))


def told(path, rows, prefix=""):
    """What a register says of a file as it is."""
    data = path.read_bytes()
    return Table(path.name, rows, len(data), hashlib.sha256(data).hexdigest(), prefix)


def read(path, table, low=0, high=ALL):
    """All columns of a release's rows in a range."""
    with PrintsFile(str(path), table) as file:
        return file.read_all(low, high)


FEW = st.one_of(st.sampled_from(EXTREMES), st.integers(0, ALL - 1))
NAMES = st.lists(st.sampled_from(["a", "a.b", "城市", "there", "record", 'x"y/']), max_size=3, unique=True)


@st.composite
def releases(draw, records=FEW, most=40):
    """Releases with few records, so that some are there several times, and any names of columns."""
    count = draw(st.integers(0, most))
    pool = draw(st.lists(records, min_size=1, max_size=8))
    chosen = st.lists(st.sampled_from(pool), min_size=count, max_size=count)
    return Prints(keys(draw(chosen)), *({name: keys(draw(chosen)) for name in draw(NAMES)} for _ in range(3)))

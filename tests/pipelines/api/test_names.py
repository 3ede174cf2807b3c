"""What `import beam_deid` gives: light, and each name documented."""

import inspect
import json
import os
import subprocess
import sys

import pytest

import beam_deid
import beam_deid.pipelines.api
from beam_deid.transforms import errors

HEAVY = ("apache_beam", "click", "numpy", "pandas", "polars", "pyarrow", "pydantic")


def in_a_process(code, **environment):
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return found.stdout


def test_importing_it_loads_nothing_heavy():
    code = f"import sys, json, beam_deid; print(json.dumps([one for one in {HEAVY!r} if one in sys.modules]))"
    assert json.loads(in_a_process(code)) == []


def test_its_errors_are_loaded_without_anything_heavy():
    code = f"import sys, json, beam_deid; beam_deid.DeidError; print(json.dumps([one for one in {HEAVY!r} if one in sys.modules]))"
    assert json.loads(in_a_process(code)) == []


@pytest.mark.parametrize("package", [beam_deid, beam_deid.pipelines.api], ids=lambda one: one.__name__)
def test_every_name_is_there_and_documented(package):
    assert package.__all__ == sorted(package.__all__)
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert inspect.getdoc(getattr(package, name)), name
    with pytest.raises(AttributeError):
        _ = package.nothing


def test_every_error_of_the_library_is_a_name_of_it():
    assert {*errors.ERRORS, "DeidError"} <= set(beam_deid.__all__)

"""An earlier release as an attacker's table: a folder with manifests of another, or damaged ones, tests and stops nothing."""

import json

import pytest

from ..decide.kit import label_of
from ..label.cases.kit import crowd, grid, policy, release, roles

KEPT = {"city": {"sentence": "city is released as it is"}}


@pytest.mark.parametrize(
    "manifests",
    [
        {"fields": KEPT, "search": {}, "files": []},
        {"fields": KEPT, "search": {"levels": []}, "files": []},
        {"fields": {"city": {}}, "search": {"levels": {}}, "files": []},
        {"fields": {"city": "kept"}, "search": {"levels": {}}, "files": []},
        {"fields": KEPT, "search": {"levels": {}}, "files": ["part-00000.parquet"]},
        {"fields": KEPT, "search": {"levels": {}}, "files": [{}]},
        {"fields": [], "search": {"levels": {}}, "files": []},
    ],
)
def test_manifests_of_no_release_leave_the_attacker_untested(manifests, tmp_path):
    (tmp_path / "label.json").write_text(json.dumps(manifests))
    attackers = {"holder": {"release": str(tmp_path), "knows": ["city"]}}
    made = policy(roles(direct="buyer", quasi="city"), a=release("public", "city", attackers=attackers))
    label = label_of(made, crowd(grid(city="AB"), 30))
    (test,) = (test for test in label.tests if test.line == 7)
    assert (test.passed, test.measured) == (False, None)
    assert "cannot be read (its label.json is that of no release)" in test.detail

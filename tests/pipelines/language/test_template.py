"""Templates, and what texts made from them have in their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.pipelines.language.template import Template


@pytest.mark.parametrize(
    ("template", "text", "contents"),
    [
        ("the file is empty", "the file is empty", {}),
        ("the file is empty", "the file is not empty", None),
        ("line {n} is longer than {limit}", "line 7 is longer than 8 MiB", {"n": "7", "limit": "8 MiB"}),
        ("line {n} is longer than {limit}", "a line 7 is longer than 8 MiB", None),
        ("{name} is here", "a.csv is here", {"name": "a.csv"}),
        ("{name} is here and {name} is there", "a is here and a is there", {"name": "a"}),
        ("{name} is here and {name} is there", "a is here and b is there", None),
        ("write {{k: {k}}} there", "write {k: 5} there", {"k": "5"}),
        ("cut{rest}", "cut", {"rest": ""}),
        ("{what}\nend", "a\nb\nend", {"what": "a\nb"}),
        ("a (b) [{c}]", "a (b) [.*]", {"c": ".*"}),
    ],
)
def test_a_text_gives_back_what_was_put_into_its_template(template, text, contents):
    assert Template(template).contents(text) == contents


@pytest.mark.parametrize("template", ["{a} {b} {c} {d} {e} {f} {g}: {h}.", "{a} {b} {c} {a} {d} {e} {f}: {h}."])
def test_a_long_text_is_gone_through_once(template):
    """A pattern of so many placeholders would try their places for years."""
    assert Template(template).contents("x y " * 1000) is None
    assert Template(template).contents("x y " * 1000 + ":") is None


@given(st.lists(st.text("ab {}.", max_size=4), min_size=1, max_size=4), st.data())
def test_a_filled_template_is_recognised(literals, data):
    names = [f"n{number}" for number in range(len(literals) - 1)]
    escaped = [literal.replace("{", "{{").replace("}", "}}") for literal in literals]
    text = escaped[0] + "".join(f"{{{name}}}{literal}" for name, literal in zip(names, escaped[1:], strict=True))
    contents = {name: data.draw(st.text("xy", max_size=3)) for name in names}
    template = Template(text)
    filled = template.filled(contents)
    assert template.names == set(names)
    assert template.filled(template.contents(filled)) == filled

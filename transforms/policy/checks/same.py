"""Values that a policy calls the same."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from beam_deid.transforms.columns.normal_text import normal_text
from beam_deid.transforms.policy.checks.categories import is_sensitive
from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.nearest import bare, shown
from beam_deid.transforms.policy.yaml_nodes import Path, Problem


def same_problems(draft: Draft) -> Iterator[Problem]:
    """Values that are merged in a field that is not sensitive, into themselves, or twice."""
    same = draft.raw.get("same")
    for field, merged in (same if isinstance(same, dict) else {}).items():
        spec = draft.fields.get(field)
        if field not in draft.fields:
            yield Problem(("same", field), draft.no_field(field))
        elif spec is not None and not is_sensitive(draft, field):
            yield Problem(
                ("same", field), f"{bare(field)} is not sensitive; give it the role sensitive, or leave this out"
            )
        yield from _merged(field, merged if isinstance(merged, dict) else {})


def _merged(field: str, merged: dict[str, Any]) -> Iterator[Problem]:
    """Values that are merged into two others, or into one that is merged itself, so that nobody knows which is meant."""
    heads = {_spelt(one): one for one in merged}
    into = dict[str, str]()
    for one, others in merged.items():
        if isinstance(others, list) and not others:
            yield Problem(("same", field, one), f"name a value that means the same as {shown(one)}, or leave this out")
        for number, other in enumerate(others if isinstance(others, list) else []):
            path: Path = ("same", field, one, number)
            if not isinstance(other, str):
                continue
            if _spelt(other) == _spelt(one):
                yield Problem(
                    path, f"{shown(other)} counts as {shown(one)} anyway, whatever its spelling; leave it out"
                )
            elif _spelt(other) in heads:
                yield Problem(
                    path, f"{shown(other)} is merged into {shown(one)} and has others merged into it; name it once"
                )
            elif into.setdefault(_spelt(other), one) != one:
                yield Problem(path, f"{shown(other)} is merged into {shown(into[_spelt(other)])}, too; name it once")


def _spelt(text: str) -> str:
    """A value as it is compared: what differs in spelling only is one."""
    return str(normal_text(pa.array([text.encode("utf-8", "replace").decode()]))[0].as_py())

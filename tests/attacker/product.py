"""The product's own decision about a world, in this process and without an engine, so that its parts can be replaced."""

from pathlib import Path
from typing import Any

from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.run.shards import Prepared

from ..kit.without_engine import decided_on
from .planted import World

Tests = set[tuple[int, str]]
"""Tests by line and name."""


def decided(world: World, folder: Path, suppression: float = 0.0) -> tuple[Prepared, Decision]:
    """What the product decides about the releases of a world."""
    return decided_on(world.source, world.written(suppression), folder)


def failing(decision: Decision, release: str = "a") -> Tests:
    """The tests that do not hold."""
    return {(test.line, test.name) for test in decision.releases[release].label.failing}


def figures(decision: Decision, release: str = "a") -> dict[str, Any]:
    """What was measured for each test."""
    return {test.name: test.measured for test in decision.releases[release].label.tests}

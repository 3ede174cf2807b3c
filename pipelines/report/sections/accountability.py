"""Who made the releases, when, from what, and how long what is known of it is kept. It stays with whoever made them."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Facts, Grid, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.wording import NOT_SAID, moment, number, said_or_not


def section(evidences: Sequence[Evidence]) -> Section | None:
    """Who answers for a run; None of what no run made."""
    if not evidences or evidences[0].run is None:
        return None
    return Section("accountability", "Who made it, when, and from what", list(_blocks(evidences, evidences[0].run)))


def _blocks(evidences: Sequence[Evidence], run: Mapping[str, Any]) -> Iterator[Block]:
    yield Facts(tuple(_facts(run)))
    yield inputs(run)
    yield Grid(
        ("The release", "Approved by", "Approved on", "Where that is written", "Environment stated by", "Stated until"),
        [_approval(one) for one in evidences],
        "Who approved each release, and who states what is said of its recipient's environment",
    )
    yield dates(evidences)


def _facts(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    by = run.get("operator") or {}
    yield "Made by", said_or_not(by.get("operator"))
    yield "Logged in as", said_or_not(by.get("login"))
    yield "On the computer", said_or_not(by.get("host"))
    yield "Begun at", moment(run.get("started_at"))
    yield "Finished at", moment(run.get("finished_at"))
    yield "The engine", said_or_not(run.get("engine"))
    if run.get("command"):
        yield "Called as", Verbatim(f"beam-deid {shlex.join(run['command'])}")
    yield "Hash of the policy", Verbatim(run["policy_sha256"])
    yield "Made with", Verbatim(", ".join(f"{name} {version}" for name, version in run.get("versions", {}).items()))
    register = run.get("register")
    yield "Register of what was given out", NOT_SAID if register is None else Verbatim(f"{register['id']}")
    signature = run.get("signature")
    signed = "nobody: it shows no origin" if signature is None else Verbatim(f"Ed25519 {signature['key']}")
    yield "Signed by", signed
    yield "This record is kept until, at least", said_or_not(run.get("kept_until"))


def inputs(run: Mapping[str, Any]) -> Grid:
    """The files that a run read."""
    return Grid(
        ("The input file", "Its bytes", "Its hash (SHA-256)"),
        [(Verbatim(one["name"]), number(one["size"]), Verbatim(one["sha256"])) for one in run.get("inputs", ())],
        "The files that were read",
        numbers=(1,),
    )


def _approval(one: Evidence) -> tuple[str, ...]:
    approver = one.declared.get("approver") or {}
    environment = one.declared.get("environment") or {}
    told = (approver.get("name"), approver.get("at"), approver.get("reference"))
    stated = (environment.get("stated_by"), environment.get("valid_until"))
    return Verbatim(one.name), *map(said_or_not, told), *map(said_or_not, stated)


def dates(evidences: Sequence[Evidence]) -> Grid:
    """From when and until when what is said of each release holds."""
    names = ("assessed_at", "review_by", "retain_until")
    return Grid(
        ("The release", "Measured at", "To be looked at again by", "May be kept until"),
        [(Verbatim(one.name), *(moment(one.label.get(name)) for name in names)) for one in evidences],
        "Dates of each release",
    )

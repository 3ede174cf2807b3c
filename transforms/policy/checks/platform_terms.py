"""Whether releases keep to the terms of the platform whose orders they are: ``terms`` of ``configs/platforms``."""

from collections.abc import Iterator

from beam_deid.transforms.policy.checks.purposes import has_no_consent
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.nearest import advice, shown
from beam_deid.transforms.policy.purposes import Purpose
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.recognisers.platforms.catalogue import Platform, platforms
from beam_deid.transforms.recognisers.platforms.terms import Term, Use
from beam_deid.transforms.terms import LabelName


def term_problems(draft: Draft) -> Iterator[Problem]:
    """A platform that nobody knows, and releases for what its terms do not allow."""
    named = draft.raw.get("platform")
    if named is None:
        for name, release in draft.releases.items():
            if release.raw.get("permitted_by") is not None:
                yield Problem(
                    ("releases", name, "permitted_by"),
                    "no terms are checked, for the policy names no platform; add platform: NAME, or leave this out",
                )
        return
    if not isinstance(named, str):
        return
    if named not in platforms():
        yield Problem(("platform",), f"no platform is called {shown(named)}; {advice(named, platforms())}")
        return
    if draft.purposes is None:
        what = "its terms are checked by what releases are for; declare purposes: {NAME: {use: fulfilment}}, or leave this out"
        yield Problem(("platform",), what)
        return
    for release in draft.releases.values():
        yield from _release_problems(platforms()[named], draft.purposes, release)


def _release_problems(
    platform: Platform, purposes: dict[str, Purpose | None], release: DraftRelease
) -> Iterator[Problem]:
    path: Path = ("releases", release.name, "purpose")
    named = release.raw.get("purpose")
    purpose = purposes.get(named) if isinstance(named, str) else None
    answered = release.raw.get("expect") == LabelName.ANONYMIZED or release.raw.get("permitted_by") is not None
    if purpose is None or answered:
        return
    consent = not has_no_consent(release)
    for term in platform.terms:
        if not term.allows_use(purpose.use, with_consent=consent):
            yield Problem(path, f"{_violated(platform, term, purpose.use)}; {_answers(term, purpose.use)}")


def _violated(platform: Platform, term: Term, use: Use) -> str:
    return f"this is for the use {use}, and the terms of {platform.name} do not allow it: {term.told}"


def _answers(term: Term, use: Use) -> str:
    """What to do about it."""
    ways = ["say expect: anonymized"]
    if use in term.unless:
        ways.append("name the consent ledger under consent")
    elif term.unless:
        ways.append(f"say use: {', '.join(term.unless)} under purposes where it is that, and name the consent ledger")
    return "; ".join([*ways, "or name a written permission: permitted_by: {by: …, at: …, reference: …}"])

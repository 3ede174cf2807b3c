"""What releases are for: one of the declared purposes, and with consent where the data was not collected for it."""

from collections.abc import Iterator

from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.nearest import advice, shown
from beam_deid.transforms.policy.purposes import Purpose, needs_consent
from beam_deid.transforms.policy.yaml_nodes import Path, Problem


def purpose_problems(draft: Draft) -> Iterator[Problem]:
    """Purposes without a name, releases for none of them, and releases that need a consent which they do not name."""
    if draft.purposes is None:
        return
    for name in draft.purposes:
        if not name.strip():
            yield Problem(("purposes", name), "a purpose must have a name")
    for release in draft.releases.values():
        yield from _release_problems(draft.purposes, release)


def _release_problems(purposes: dict[str, Purpose | None], release: DraftRelease) -> Iterator[Problem]:
    path: Path = ("releases", release.name, "purpose")
    named = release.raw.get("purpose")
    if not isinstance(named, str) or not named:
        return  # its shape is wrong, which is told elsewhere
    if named not in purposes:
        what = f"no purpose is called {shown(named)}; {advice(named, purposes)}; or add it under purposes"
        yield Problem(path, what)
        return
    purpose = purposes[named]
    if purpose is None or not has_no_consent(release) or not needs_consent(purpose, _expected(release)):
        return
    yield Problem(
        path,
        f"the data was not collected for {shown(named)}, and performing a contract is no basis for it (PIPL Art. 13); name the "
        "consent ledger under consent, say expect: anonymized, or collected_for: true under purposes where that is so",
    )


def has_no_consent(release: DraftRelease) -> bool:
    """Whether a release names no consent ledger."""
    return release.raw.get("consent") is None


def _expected(release: DraftRelease) -> str | None:
    expected = release.raw.get("expect")
    return expected if isinstance(expected, str) else None

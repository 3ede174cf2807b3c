"""Persons erased from what a run published: their rows are taken out of its parts, and its labels decided again.

Only a release that is `still_personal` is changed. In one that is `anonymized` nobody can be found, which is what its label says:
whoever took rows out of it would have to guess whose they are.
"""

from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.dataset.source_proof import find_made_by
from beam_deid.transforms.label.amending import Change, amended_label
from beam_deid.transforms.label.manifests_again import check_sound, read_manifests
from beam_deid.transforms.later.erased_before import ErasedBefore
from beam_deid.transforms.later.parts import without_rows
from beam_deid.transforms.later.remembering import Remembering
from beam_deid.transforms.later.republishing import ChangedRelease, ToldRelease, ToldRun, left_alone, republish
from beam_deid.transforms.later.searching import Erasing, search
from beam_deid.transforms.storage.amending import Amending, amending
from beam_deid.transforms.storage.paths import absolute, join


def erase(asked: Erasing, output: str, register: Remembering) -> ToldRun:
    """Erase persons from what a run published, all of it or nothing.

    Args:
        asked: What is asked.
        output: The output of the run.
        register: The register of the output, which is told once it is known that these persons can be found, before anything is
            changed.

    Raises:
        UsageError: There is no run, another policy made it, or in one of its releases these persons cannot be found.
        VerificationError: It is not what was published, or was not made by the policy.
        KeyFault: A key cannot be had.
        OutputError: It cannot be written.
    """
    with amending(output) as amend:
        return _erased(asked, absolute(output), amend, register)


def _erased(asked: Erasing, output: str, amend: Amending, register: Remembering) -> ToldRun:
    check_sound(output)
    manifests = read_manifests(output)
    at = now()
    found = [
        _release(asked, output, name, label, register.erased_before(output, label), amend.folder, at)
        for name, label in manifests.labels.items()
    ]
    register.announce()
    rows = {one.told.release: one.told.rows for one in found if isinstance(one, ChangedRelease)}
    return republish(
        next(iter(asked.policies.values())),
        output,
        amend,
        manifests,
        found,
        {"at": at, "erased": rows, **asked.by},
        asked.reports,
    )


def _release(
    asked: Erasing, output: str, name: str, label: Mapping[str, Any], before: ErasedBefore, folder: str, at: str
) -> ToldRelease | ChangedRelease:
    """What becomes of one release; its new parts wait in a folder."""
    alone = left_alone(name, label)
    if alone is not None:
        return alone
    policy = asked.policy(name)
    published = find_made_by(policy, [join(output, name)])
    found = search(asked, published, before)
    parts = without_rows(published, found.finder, policy.releases[name].output.formulas == "kept", folder)
    asked.seen.add(found.met)
    left = int(label["records"]["released"]) - parts.rows
    if not parts.rows:
        return ToldRelease(name, label["label"], left=left, by=found.finder.by, secretless=found.values.secretless)
    measured = found.measured(left)
    told = ToldRelease(
        name,
        label["label"],
        parts.rows,
        left,
        found.finder.by,
        not_measured=measured.missing,
        unsure=min(found.unsure, parts.rows),
        secretless=found.values.secretless,
    )
    return ChangedRelease(told, amended_label(label, Change(at, parts.files, parts.rows), measured), parts.moved)

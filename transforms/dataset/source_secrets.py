"""A source treated again has a secret for each person, where a release has tokens under such secrets."""

from collections.abc import Sequence
from dataclasses import replace

from beam_deid.transforms.dataset.published_rows import Published
from beam_deid.transforms.dataset.recomputable import Recomputable, recomputable
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.terms import Withheld
from beam_deid.transforms.treat.person_secrets import SECRETS, with_person_secrets


def with_secrets(
    found: Recomputable, published: Published, shards: Sequence[Shard], same_files: bool, folder: SpillFolder
) -> Recomputable:
    """What a source gives again, with a secret for each of its persons: whoever has none any more gets tokens that nobody has.

    Where nobody was erased from the release, tokens of whom there is no secret are there, and no column of tokens is given again.

    Args:
        found: What the source gives again.
        published: The release.
        shards: The source.
        same_files: See `recomputable`.
        folder: A private folder for the secrets, none of which is kept.
    """
    kept = with_person_secrets(found.job, shards, folder.file(SECRETS), found.written)
    told = RecordCounts.from_document(published.label["records"])
    if not kept.new or told.withheld_by.get(str(Withheld.ERASED), 0):
        return replace(found, job=kept.job)
    return recomputable(found.job, published, same_files, kept.new)

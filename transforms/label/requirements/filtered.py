"""Line 4: what a row filter tells of everybody in the release is nothing sensitive, and names nobody."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope


class Filtered(Requirement):
    """No field by which records are chosen is sensitive or names a person, and no purpose or scope of a consent is sensitive.

    Who has the release knows of every person in it that the condition holds, with certainty, whether the field is released or not.
    A quasi-identifier that all records have in common parts no group, and says of nobody more than that.
    """

    name = "row_filter"
    line = 4
    default = Default.always(0, "ours: who has the release knows the condition of everybody in it")
    words = "fields of the row filter (`where`) that are sensitive or name a person"
    remedy = (
        "Take the field out of where; leave consent out where that is named, for an anonymized release needs none; "
        "or let the release stay still_personal."
    )
    told = True
    by_scope = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test, where there is a row filter, or a consent is needed."""
        if scope.row_filter:
            yield self._test(self.limit(scope), (), "fields of the row filter that are sensitive or name a person")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """How many there are."""
        telling = seen.scope.telling_filters
        if not telling:
            return Figure(0, "what the row filter says of everybody is neither sensitive nor names a person")
        named = ", ".join(telling)
        return Figure(
            len(telling), f"of everybody in the release it is known for certain what the row filter asks of {named}"
        )

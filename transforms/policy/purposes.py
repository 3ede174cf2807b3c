"""What a dataset was collected for, what its releases are for, and who permitted what its platform does not."""

from pydantic import Field

from beam_deid.transforms.label.options import Section
from beam_deid.transforms.policy.recipients import Day, Named
from beam_deid.transforms.recognisers.platforms.terms import Use
from beam_deid.transforms.terms import LabelName


class Purpose(Section):
    """One purpose of a dataset's releases."""

    collected_for: bool = Field(
        False,
        strict=True,
        description="Whether the data was collected for this; a release for anything else needs consent, or expects anonymized",
    )
    use: Use = Field(
        Use.OTHER,
        description="What it is in the words of platforms' terms: configs/platforms, terms; other if not given",
    )


class Permission(Section):
    """A written permission for what the terms of a platform do not allow. The tool records it; it does not check it."""

    by: Named = Field(description="Who gave it")
    at: Day = Field(description="When")
    reference: Named = Field(description="Where it is written")

    @property
    def told(self) -> str:
        """It in a few words."""
        return f"{self.by}, {self.at}, {self.reference}"


def needs_consent(purpose: Purpose, expect: str | None) -> bool:
    """Whether a release for a declared purpose needs the consent of its persons.

    Performing a contract is no basis for anything beyond it, such as marketing (PIPL Art. 13(2)). What is anonymized is not
    personal information (Art. 4).

    Args:
        purpose: The purpose.
        expect: The label that the release expects, if any.
    """
    return not purpose.collected_for and expect != LabelName.ANONYMIZED

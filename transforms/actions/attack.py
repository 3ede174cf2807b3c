"""How a field is attacked once nobody has the key that made its pseudonyms; every action declares its own attacks."""

from enum import Enum


class KeylessAttack(Enum):
    """An attack on pseudonyms without a key."""

    FREQUENCY = "frequency"
    """Pseudonyms are told apart by how often each of them occurs. Nothing else has to be measured."""
    SURROGATES = "surrogates"
    """A substitute that stands for one original only gives that original away. The originals are measured as well."""
    INTERVALS = "intervals"
    """The time between two events of one person is left as it was, and may be like no other. The times are measured."""

    @property
    def measured(self) -> str | None:
        """What has to be measured of the field for this attack beside its released value: ``Column.what``, or None."""
        return _MEASURED.get(self)


_MEASURED = {KeylessAttack.SURROGATES: "origin", KeylessAttack.INTERVALS: "moment"}

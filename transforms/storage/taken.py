"""What is wrong with an output that is there already, in words alone: whoever looks for it may have loaded next to nothing."""

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.paths import shown


def is_a_file(output: str) -> UsageError:
    """A file is where the output should be."""
    return UsageError("the output is a file", shown(output), "Choose another --output")


def is_there(output: str) -> UsageError:
    """Something is in the output, and nobody said that it may be replaced."""
    return UsageError("the output exists", shown(output), "Choose another --output, or add --overwrite")

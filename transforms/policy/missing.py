"""What is wrong with a policy that is not there, in words alone: whoever looks for it may have loaded next to nothing."""

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.storage.paths import shown


def no_such_policy(path: str) -> PolicyError:
    """There is no file at that path."""
    return PolicyError("there is no such file", shown(path), "Check the path of the policy")

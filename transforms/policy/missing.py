"""What is wrong with a policy that is not there, in words alone: whoever looks for it may have loaded next to nothing."""

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.storage.paths import shown


def no_such_policy(path: str) -> PolicyError:
    """There is no file at that path. The text of a policy is not repeated: a key may be pasted into it."""
    if is_text_of_one(path):
        return PolicyError(
            "this looks like the text of a policy, and a path is wanted",
            next_step="Give the path of its file, or in Python a mapping: yaml.safe_load(text)",
        )
    return PolicyError("there is no such file", shown(path), "Check the path of the policy")


def is_text_of_one(path: str) -> bool:
    """Whether something that is no path of a file has what YAML has: several lines, a key with its value, or braces."""
    return "\n" in path or ": " in path or path.lstrip().startswith("{")

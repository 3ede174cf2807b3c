"""What must hold before a run uses a register: it is the right one, none was lost, and it lies apart from what is published."""

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.register_location import register_location
from beam_deid.transforms.publish.register_current import run_in
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.paths import is_hidden, name_of, parent, shown


def check_none_was_lost(path: str, output: str) -> None:
    """See that no run in the output, or in an output beside it, was registered in a register that is to be made anew.

    Raises:
        UsageError: One was, and that register is gone.
    """
    for place in [output, *_outputs_beside(output)]:
        register = run_in(place).get("register")
        if register and (place == output or shown(str(register["path"])) == shown(path)):
            raise UsageError(
                f"the run in {shown(place)} was registered, and its register is gone",
                shown(path),
                "Put the register back; or, if it is gone for good, add --new-register: what was given out is then not tested",
            )


def check_it_is_apart(path: str, output: str) -> None:
    """See that what is published and what never is are not in one another.

    Raises:
        UsageError: They are.
    """
    here = f"{shown(path)}/"
    there = f"{shown(output)}/"
    if output and (here.startswith(there) or there.startswith(here)):
        raise UsageError(
            "the register and the output are in one another, and a register is never published",
            shown(path),
            "Name another folder under register: of the policy, or another --output",
        )
    if run_in(parent(path)):
        raise UsageError(
            "the register would lie in the output of another run, and it is never published",
            shown(path),
            "Name another folder under register: of the policy, or another --output",
        )


def _outputs_beside(output: str) -> list[str]:
    if not output:
        return []
    above = parent(output)
    try:
        found = store_of(above).entries(above)
    except OSError:
        return []
    return [
        entry.path for entry in found if entry.is_folder and entry.path != output and not is_hidden(name_of(entry.path))
    ]


def check_none_is_left_out(policy: Policy, output: str) -> None:
    """See that a policy that names no key for a register, by mistake, does not pass one by.

    Raises:
        UsageError: There is one where the policy's would be.
    """
    place = register_location(policy, output, key_given=True)
    if not place.missing and read(place.path) is not None:
        raise UsageError(
            "a register of what was given out is here, and the policy names no key for it",
            shown(place.path),
            "Name the key with which it was made (keys: or register: {key: …}), or say register: none to go without",
        )


def check_none_is_elsewhere(path: str, output: str, register: str) -> None:
    """See that the run in the output, if there is one, is in no other register: what this one does not know it cannot test.

    Raises:
        UsageError: It is.
    """
    other = run_in(output).get("register")
    if other and other["id"] != register:
        raise UsageError(
            f"the run in the output is in the register {other['id']}, which was at {other['path']}, and this is {register}",
            shown(path),
            "Name that register under register: of the policy, or move that output away",
        )

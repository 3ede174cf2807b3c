"""What a shell completes behind an option. Loads what it needs only when a shell asks, and says nothing where it does not know."""

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_file(context: click.Context, parameter: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Files and folders, by the shell itself: of an option that takes globs and addresses as well."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_folder(context: click.Context, parameter: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Folders, by the shell itself."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


def complete_release(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The releases of the policy that the command line names."""
    names: list[str] = []
    with contextlib.suppress(Exception):  # a shell waits, and there is nobody to be told
        import yaml

        # Of a line that ends with an option without its value click tells the words before it, and not which are arguments.
        policy = context.params.get("policy") or context.args[0]
        with open(policy, encoding="utf-8-sig") as stream:
            names = list(yaml.safe_load(stream)["releases"])
    return _beginning(names, incomplete)


def complete_entry(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The releases in the register that the command line names."""
    names: list[str] = []
    with contextlib.suppress(Exception):
        from beam_deid.pipelines.registered import opened

        _, found = opened(context.params.get("register") or context.args[0], context.params.get("output_folder"))
        names = [entry.name for entry in found.releases]
    return _beginning(names, incomplete)


def complete_code(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """What ``beam-deid explain`` knows: codes, and lists of them; of a code of two words the one after those that are there."""
    from beam_deid.pipelines.views.explanation import TOPICS
    from beam_deid.transforms.label.explaining import explanations

    begun = "".join(f"{word} " for word in context.params.get("code") or ())
    found = _beginning((*TOPICS, *(one.code for one in explanations())), f"{begun}{incomplete}")
    return list(dict.fromkeys(code.removeprefix(begun).partition(" ")[0] for code in found))


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in map(str, names) if name.startswith(incomplete)]

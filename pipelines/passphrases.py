"""Where the key-encryption key of a keyring comes from, and the passphrase that a person types for it."""

import os
import sys

import click

from beam_deid.pipelines.language.words import said


def anchored(source: str) -> str:
    """A source that means the same from any folder."""
    from beam_deid.transforms.crypto.keks import kek_kind

    if kek_kind(source).scheme == "file":
        return f"file:{os.path.abspath(os.path.expanduser(source.partition(':')[2]))}"
    ask_for_passphrase(source, new=True)
    return source


def ask_for_passphrase(source: str, *, new: bool = False) -> None:
    """Ask a person for the passphrase where the environment does not hold it; it stays in this process."""
    from beam_deid.transforms.crypto.keks.passphrase import PassphraseKek

    scheme, _, variable = source.partition(":")
    if scheme == PassphraseKek.scheme and variable not in os.environ and sys.stdin.isatty():
        os.environ[variable] = click.prompt(
            said(f"Passphrase of the keyring ({variable})"), hide_input=True, confirmation_prompt=new, err=True
        )

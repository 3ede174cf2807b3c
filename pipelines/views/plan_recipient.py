"""What a plan tells of purposes, of the platform's terms, and of a release's recipient."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.language.words import word
from beam_deid.transforms.terms import ForRecipientName


def recipient_rows(release: Mapping[str, Any], verbose: bool) -> Iterator[tuple[str, str]]:
    """What is planned for a release's recipient, and who permitted it, as headings with what is said.

    Args:
        release: The release, as ``beam-deid plan --json`` prints it.
        verbose: Whether all reasons are shown, not only the first.
    """
    recipient = release["recipient"]
    if recipient is not None:
        yield "recipient", f"{escape(recipient['name'])} ({word(recipient['role'])})"
        yield "for it", _best(recipient, verbose)
        yield from (("in law", escape(fact)) for fact in recipient["facts"])
    if release["permitted_by"] is not None:
        yield "permitted by", escape(release["permitted_by"])


def _best(recipient: Mapping[str, Any], verbose: bool) -> str:
    """What the release can be for its recipient at best, and why no better."""
    best = recipient["best"]
    if best == ForRecipientName.NOT_IDENTIFIABLE:
        return f"at best {best}, if all tests hold without the keys that it is declared not to have"
    reasons = recipient["reasons"] if verbose else recipient["reasons"][:1]
    left = len(recipient["reasons"]) - len(reasons)
    more = f"; and {left} more" if left else ""
    return f"{best}: {escape('; '.join(reasons))}{more}"


def show_hint(out: Console, document: Mapping[str, Any]) -> None:
    """Show in a line what more there is to see, and whether purposes and terms are checked.

    Args:
        out: Where it is shown.
        document: The plan, as ``beam-deid plan --json`` prints it.
    """
    platform = document["platform"]
    if document["purposes"] is None:
        out.print("Purposes are not declared. With -v: fields in sentences, tests with limits")
    elif platform is None:
        out.print("With -v: what happens to each field in a sentence, and every test with its limit")
    elif document["terms"]:
        out.print(f"Terms of {escape(platform)} are checked. With -v: what they say, fields, all tests")
    else:
        out.print(f"No terms of {escape(platform)} are known. With -v: fields in sentences, all tests")


def show_purposes(out: Console, document: Mapping[str, Any]) -> None:
    """Show whether purposes are declared, and which terms of the platform are checked by them.

    Args:
        out: Where it is shown.
        document: The plan, as ``beam-deid plan --json`` prints it.
    """
    if document["purposes"] is None:
        out.print(
            "Purposes are free text: declared under purposes they are checked against consent and a platform's terms"
        )
    if document["platform"] is None:
        return
    if not document["terms"]:
        out.print(f"No terms of {escape(document['platform'])} are known here: look into its contract", soft_wrap=True)
    for term in document["terms"]:
        out.print(f"Checked by the terms of {escape(document['platform'])}: {escape(term)}", soft_wrap=True)

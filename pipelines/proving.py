"""``beam-deid assess --source``: a release proved against the files that it was made of."""

import click
from click.core import ParameterSource

from beam_deid.pipelines import options, output
from beam_deid.transforms.errors import UsageError, VerificationError

_ASKED = frozenset({"policy", "inputs", "sources", "as_json", "lang"})


def prove_release(policy: str | None, inputs: tuple[str, ...], sources: tuple[str, ...], as_json: bool) -> None:
    """Prove a release, show what was found, and fail if anything is not as it should be.

    Args:
        policy: The policy that the release was made by.
        inputs: The release's folder, or globs of its parts.
        sources: Globs of the files that it was made of.
        as_json: Whether what was found is printed as JSON.

    Raises:
        UsageError: There is no policy, or an option does not go with ``--source``.
        VerificationError: The release is not what its label says, or not what its source gives.
    """
    from beam_deid.transforms.dataset.published_rows import READING_RELEASE
    from beam_deid.transforms.dataset.source_proof import open_proof, prove
    from beam_deid.transforms.dataset.source_records import MEASURING_SOURCE
    from beam_deid.transforms.policy.reader import read_policy

    if policy is None:
        raise UsageError(
            "a release is proved by the policy that made it", "--source", "Name the policy: assess POLICY …"
        )
    _check_options()
    opened = open_proof(read_policy(policy), inputs, sources)
    output.note(opened.prepared.found.told())
    output.warn(opened.prepared.passed_over)
    prepared = opened.prepared
    with output.progress((MEASURING_SOURCE, READING_RELEASE), prepared.rows, len(prepared.shards)):
        proof = prove(opened, options.worker_count(None, len(prepared.shards)))
    from beam_deid.pipelines.views.source_proof import show_proof

    document = proof.to_document()
    show_proof(output.console(as_json), document)
    if as_json:
        output.emit(document)
    if proof.problems:
        said = "1 problem" if len(proof.problems) == 1 else f"{len(proof.problems)} problems"
        raise VerificationError(
            f"the release is not what its label says or its source gives: {said}",
            opened.published.where,
            "Do not use this release, or name the files that it was made of",
        )


def _check_options() -> None:
    """See that nothing was asked that a proof does not answer.

    Raises:
        UsageError: Something was: how a release was made and is read stands in its policy and its label.
    """
    context = click.get_current_context()
    for param in context.command.get_params(context):
        name = str(param.name)
        if name not in _ASKED and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageError(
                f"{param.opts[0]} does not go with --source: the policy and the label say how the release was made",
                param.opts[0],
                "Leave it out, or assess the release without --source",
            )

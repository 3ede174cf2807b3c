"""Every command takes each word of its command line for something, or refuses it."""

import click
import pytest

from beam_deid.pipelines.cli import call, cli
from beam_deid.pipelines.commands import Command, Group


def commands(group=cli, above=()):
    """All commands with the words that call them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))
        yield (*above, name), command


ALL = dict(commands())


def test_all_commands_are_strict():
    assert len(ALL) > 15
    assert all(isinstance(command, (Command, Group)) for command in ALL.values())


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_an_option_that_there_is_not_is_refused_with_the_nearest(words, capsys):
    options = [one for one in ALL[words].params if isinstance(one, click.Option)]
    assert call([*words, "--no-such-option"]) == 2
    assert f"beam-deid: {' '.join(words)}: there is no option --no-such-option" in capsys.readouterr().err
    longest = max((name for one in options for name in one.opts), key=len, default="")
    if len(longest) > 5:
        assert call([*words, longest[:-1] + "x"]) == 2
        assert f"Did you mean {longest}?" in capsys.readouterr().err


def valued(words):
    """The options of a command that have a value, without the language, which is read before all others."""
    options = (
        one
        for one in ALL[words].params
        if isinstance(one, click.Option) and not one.is_flag and "--lang" not in one.opts
    )
    return [max(one.opts, key=len) for one in options]


@pytest.mark.parametrize("words", [words for words in ALL if valued(words)], ids=" ".join)
def test_a_value_that_is_an_option_is_no_value(words, capsys):
    name = valued(words)[0]
    assert call([*words, name, "--json"]) == 2
    said = capsys.readouterr().err
    assert f"{name} has no value, but --json behind it" in said


@pytest.mark.parametrize("words", ["verify out more", "schema more", "plan policy.yaml more", "keys list ring more"])
def test_a_word_that_nothing_takes_is_refused(words, capsys):
    assert call(words.split()) == 2
    assert "more: too many words" in capsys.readouterr().err


def test_help_still_is_help(capsys):
    for words in ([], ["run"], ["keys", "create"]):
        assert call([*words, "--help"]) == 0
        assert "Usage: beam-deid" in capsys.readouterr().out
    assert call([]) == 2
    assert "Commands:" in capsys.readouterr().err

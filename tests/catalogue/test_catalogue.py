"""Every message of the code is said in every language, and only those."""

import re
from collections import Counter

import polib
import pytest

from beam_deid.pipelines.language.catalogue import Catalogue
from beam_deid.pipelines.language.template import Template
from beam_deid.pipelines.language.words import catalogue

from .composed import PIECES
from .extract import of_source
from .files import LANGUAGES, key_of, path_of, renewed, wanted

WANTED = wanted()
MARKUP = re.compile(r"\[(?:/|/?[a-z]+)\]")


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def entries(language):
    return {key_of(entry): entry for entry in polib.pofile(str(path_of(language)))}


def test_no_message_is_missing(entries):
    assert not [message for message in WANTED if message not in entries], "run: python -m tests.catalogue"


def test_no_entry_is_without_a_message(entries):
    assert not [message for message in entries if message not in WANTED], "run: python -m tests.catalogue"


def test_every_message_is_translated(entries):
    assert not [entry.msgid for entry in entries.values() if not entry.msgstr or entry.obsolete or entry.fuzzy]


def test_a_catalogue_is_as_it_is_written_anew(language):
    path = path_of(language)
    assert str(renewed(polib.pofile(str(path)))).strip() == path.read_text("utf-8").strip()


def test_a_translation_has_the_placeholders_of_its_message(entries):
    differing = [one.msgid for one in entries.values() if Template(one.msgid).names != Template(one.msgstr).names]
    assert not differing


def test_a_translation_has_the_markup_of_its_message(entries):
    marked = (
        (one.msgid, Counter(MARKUP.findall(one.msgid)), Counter(MARKUP.findall(one.msgstr))) for one in entries.values()
    )
    assert not [message for message, own, translated in marked if own != translated]


def test_no_two_messages_are_taken_for_each_other(language, entries):
    """Each template, with something in its places, is said by its own translation and by no other's."""
    speaker = catalogue(language)
    wrong = []
    for (context, message), entry in entries.items():
        template = Template(message)
        if context or not (template.names or " " in message):
            continue  # headings and pieces are looked up as they are
        contents = {name: f"⟦{number}⟧" for number, name in enumerate(sorted(template.names))}
        if speaker.said(template.filled(contents)) != Template(entry.msgstr).filled(contents):
            wrong.append(message)
    assert not wrong


def test_pieces_are_single_words():
    """Texts of several words need no context: no name of the data is like them."""
    assert all(word.isalpha() for word in PIECES)


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ('raise InputError("the file is empty", path, "Leave it out")', ["the file is empty", "Leave it out"]),
        ('f"line {number} is longer than {limit:,}"', ["line {number} is longer than {limit}"]),
        ('f"{a.name} is {b.name} here"', ["{name} is {name2} here"]),
        ('f"{n} of {n} are lost"', ["{n} of {n} are lost"]),
        ('f"{n} of {n:,} are lost"', ["{n} of {n2} are lost"]),
        ("f\"only {', '.join(names)} are known\"", ["only {names} are known"]),
        ('f"write {{k: {k}}} there"', ["write {{k: {k}}} there"]),
        ('say("write {k: 5} there")', ["write {{k: 5}} there"]),
        ("f\"it has {'no such' if x else 'a'} key\"", ["it has {word} key", "no such"]),
        ('x = "key"', []),
        ('table("name", "state")', ["name", "state"]),
        ('re.compile("a b|c d")', []),
        ('def f():\n    """What it is for."""', []),
        (
            '@click.command()\ndef f():\n    """Do it at once. Ask\n    nobody.\n\n    It is quick."""',
            ["Do it at once. Ask nobody.", "It is quick.", "Do it at once"],
        ),
        (
            'epilog="""\\b\nExamples:\n  beam-deid demo\n\nExit codes: 0 found."""',
            ["Examples:", "Exit codes: 0 found."],
        ),
    ],
)
def test_messages_are_found_in_code(source, messages):
    assert sorted(of_source(source)) == sorted(messages)


def test_every_language_is_spoken(language):
    assert isinstance(catalogue(language), Catalogue)


def test_every_term_of_the_glossary_is_used(language, entries):
    rows = re.findall(
        r"^\| (?!英文|---)(.+?) \| (.+?) \|", (path_of(language).parent / "glossary.md").read_text("utf-8"), re.M
    )
    said = "\n".join(entry.msgstr for entry in entries.values())
    unused = [term for _, term in rows if term.replace(" n ", " ") not in re.sub(r" \{\w+\} ", " ", said)]
    assert len(rows) > 50
    assert set(unused) <= {"l-多样性", "t-接近性", "β-相似性"}, "the measures are asked for by their options' names"

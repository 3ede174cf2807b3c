"""A page drawn in other languages meanwhile changes nothing of what other threads say."""

import contextlib
import threading

import pytest

from beam_deid.pipelines import output
from beam_deid.pipelines.language.words import spoken, spoken_in


@pytest.mark.parametrize("language", ["en", "zh"])
def test_progress_goes_on_in_the_language_of_the_call(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    heard: list[str] = []
    asked = threading.Event()

    def listen(done: threading.Event) -> None:
        asked.wait()
        heard.append(spoken())
        done.wait()

    monkeypatch.setattr(output, "_bar", listen)
    monkeypatch.setattr(output, "_lines", listen)
    other = {"en": "zh", "zh": "en"}[language]
    with spoken_in(language), contextlib.ExitStack() as shown:
        shown.enter_context(output.progress(["read"]))
        with spoken_in(other):
            asked.set()
            while not heard:
                threading.Event().wait(0.001)
            assert spoken() == other
        assert spoken() == language
    assert heard == [language]

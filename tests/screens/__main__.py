"""Write all captures anew, to be looked at: ``python -m tests.screens``."""

from .screens import FOLDER, captures

FOLDER.mkdir(exist_ok=True)
for old in FOLDER.glob("*.txt"):
    old.unlink()
for name, text in captures().items():
    (FOLDER / f"{name}.txt").write_text(text, "utf-8")

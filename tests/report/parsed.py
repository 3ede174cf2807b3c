"""A page as a browser would read it: its elements, and the text that is seen in each language."""

from html.parser import HTMLParser

VOID = {"meta", "input", "br", "wbr", "hr", "img", "link"}


class Parsed(HTMLParser):
    """A page read strictly: every element is closed, in the order in which it was opened.

    Attributes:
        elements: Tag and attributes of every element, in order.
        texts: Each text with the tags and the languages that it stands in, innermost last.
    """

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.texts = []
        self._open = []
        self.feed(page.decode() if isinstance(page, bytes) else page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("lang")))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag, (tag, self.getpos())

    def handle_data(self, data):
        if data.strip():
            languages = [language for _, language in self._open if language]
            self.texts.append((data, [tag for tag, _ in self._open], languages))

    def all(self, name):
        """Values of an attribute, in order."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def text(self):
        """All that is read, whatever the language."""
        return "\n".join(text for text, tags, _ in self.texts if "style" not in tags)

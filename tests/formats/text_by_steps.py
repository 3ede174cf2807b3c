"""Delimited text read character by character, as its rules say: what the scan of whole blocks is compared with."""

import itertools

LINE_ENDS = b"\r\n"


def rows_by_steps(data, delimiter, quote, width, backslash):
    """``[(start, stop, values, broken)]`` of all lines that are not blank."""
    return _Reader(data, delimiter, quote, width, backslash).rows()


class _Reader:
    def __init__(self, data, delimiter, quote, width, backslash):
        self.data = data
        self.delimiter = delimiter
        self.quote = quote
        self.width = width
        self.backslash = backslash

    def rows(self):
        found = []
        at = start = 0
        values = 1
        broken = False
        begins = True
        while at < len(self.data) or start < len(self.data):
            if begins and self.byte(at) == self.quote:
                end = self.behind_quoted(at)
                broken |= end is None
                if end is None:
                    values += self.data[at : self.line_end(at)].count(self.delimiter)
                at = self.line_end(at) if end is None else end
                begins = False
            elif self.ends(at):
                if at > start:
                    found.append((start, at, values, broken))
                at += 1
                start = at
                values = 1
                broken = False
                begins = True
            else:
                begins = self.data[at] == self.delimiter
                values += begins
                at += 1
        return found

    def byte(self, at):
        return self.data[at] if at < len(self.data) else None

    def ends(self, at):
        return at >= len(self.data) or self.data[at] in LINE_ENDS

    def line_end(self, at):
        while not self.ends(at):
            at += 1
        return at

    def behind_quoted(self, opening):
        """The offset behind the quote that closes a value; None where the one that opens it is at fault."""
        at = opening + 1
        while self.byte(at) != self.quote or self.byte(at + 1) == self.quote:
            if at >= len(self.data):
                return None
            takes = self.backslash and self.data[at] == ord("\\") and self.byte(at + 1) in (ord("\\"), self.quote)
            at += 2 if takes or self.data[at] == self.quote else 1
        at += 1
        if not self.ends(at) and self.data[at] != self.delimiter:
            return None
        return None if self.swallows(opening, at) else at

    def swallows(self, opening, end):
        """Whether lines inside a value are like rows."""
        breaks = [at for at in range(opening, end - 1) if self.data[at] in LINE_ENDS]
        if not breaks or self.width < 2:
            return False
        inner = [self.data[one + 1 : other] for one, other in itertools.pairwise(breaks)]
        like_rows = [line.count(self.delimiter) == self.width - 1 for line in inner]
        both = self.is_like_a_row(opening) and self.is_like_a_row(end - 1)
        if self.width >= 4:
            return both or any(like_rows)
        filled = [like for like, line in zip(like_rows, inner, strict=True) if line]
        return both and all(filled) and len(filled) >= 2

    def is_like_a_row(self, at):
        start = at
        while start and self.data[start - 1] not in LINE_ENDS:
            start -= 1
        return self.data[start : self.line_end(at)].count(self.delimiter) == self.width - 1

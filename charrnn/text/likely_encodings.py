"""The encodings that a file may be in, the likeliest first, with what each would make of it.

They are for the user to choose from. Not here: what is taken without asking (encodings.py).
"""

import codecs
import re
from collections.abc import Callable, Iterator

from charrnn.text.decode import PIECE_BYTES
from charrnn.text.scripts import CANDIDATES, likeness
from charrnn.text.sources import Source

SAMPLE_BYTES = 50_000
"""Bytes of lines with characters beyond ASCII by which encodings are compared."""
MAX_OFFERED = 5
MARGIN = 0.4
"""An encoding is not offered if the best one looks better by more than this."""
WORD_BEFORE = re.compile(r"\w{0,8}$")
EXCERPT_LENGTH = 14
MAX_LINES, MAX_PLACES = 200, 50
"""How many lines, and places in a line, are searched for an excerpt in which all differ."""
NOT_ASCII = re.compile(rb"[\x80-\xff]")


def find_likely_encodings(
    source: Source, is_text: Callable[[Source, str], bool]
) -> list[tuple[str, str]]:
    """Return up to `MAX_OFFERED` encodings, each with an excerpt in which they differ.

    ``is_text`` says whether the whole file decodes to a text in an encoding. Of several that give
    the same characters only the first is returned.
    """
    lines = _read_lines(source)
    sample = b"".join(lines)
    best: dict[str, tuple[float, str]] = {}
    for encoding in CANDIDATES:
        text = _decode(sample, encoding)
        if "\ufffd" not in text and (score := likeness(text, encoding)) > 0:
            # Of equal scores, max takes the first.
            found = (score, encoding)
            best[text] = max(best.get(text, found), found, key=lambda pair: pair[0])
    scores = {encoding: score for score, encoding in best.values()}
    offered: list[str] = []
    for encoding in sorted(scores, key=lambda name: -scores[name]):
        if len(offered) == MAX_OFFERED:
            break
        if offered and scores[encoding] < scores[offered[0]] - MARGIN:
            break
        if is_text(source, encoding):
            offered.append(encoding)
    return list(zip(offered, _choose_excerpts(lines, offered), strict=True))


def _decode(data: bytes, encoding: str) -> str:
    """Decode ``data`` with U+FFFD for errors, but without a character that is cut at its end."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(data)


def _read_lines(source: Source) -> list[bytes]:
    """Return the first lines with bytes beyond ASCII, each from its first such byte on.

    Only the last of them may be cut inside of a character.
    """
    lines: list[bytes] = []
    size = 0
    for line in _split_lines(source):
        if first := NOT_ASCII.search(line):
            start = max(0, first.start() - EXCERPT_LENGTH)
            lines.append(line[start : first.start() + SAMPLE_BYTES])
            size += len(lines[-1])
            if size >= SAMPLE_BYTES:
                break
    return lines


def _split_lines(source: Source) -> Iterator[bytes]:
    with source.open() as stream:
        rest = b""
        while piece := stream.read(PIECE_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            yield from (line + b"\n" for line in lines)
            first = NOT_ASCII.search(rest)
            if first is None:
                rest = b""  # no excerpt comes from it, and what is only ASCII can be cut anywhere
            elif len(rest) - first.start() >= SAMPLE_BYTES:
                break  # a long line, of which no more is needed
        yield rest


def _choose_excerpts(lines: list[bytes], encodings: list[str]) -> list[str]:
    """Return what the encodings make of the place where the most of them differ."""
    best: list[str] = []
    for line in lines[:MAX_LINES]:
        texts = [_decode(line, encoding) for encoding in encodings]
        columns = enumerate(zip(*texts, strict=False))
        places = [at for at, column in columns if len(set(column)) > 1] or [0]
        for place in places[:MAX_PLACES]:
            word = WORD_BEFORE.search(texts[0][:place]) if texts else None
            start = word.start() if word else place
            excerpts = [text[start : start + EXCERPT_LENGTH].strip() for text in texts]
            if not best or len(set(excerpts)) > len(set(best)):
                best = excerpts
        if len(set(best)) == len(encodings):
            break
    return best

"""Files that are no plain texts, recognized by their content, and what makes a text of them.

Not here: compressed files that are read (compression.py), and encodings (encodings.py).
"""

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.shell_words import quote_word
from charrnn.text.compression import find_compression
from charrnn.text.decode import BYTE_ORDER_MARKS

START_BYTES = 4096
"""Bytes at the beginning of a file by which it is recognized."""
ARCHIVE_SUFFIX = re.compile(r"(\.tar)?\.[A-Za-z0-9]{1,5}$")


@dataclass(frozen=True)
class FileType:
    """What a file is, as "FILE: is a PDF", and a command that extracts its text and trains on it.

    In the command, {file} stands for the file and {folder} for a new folder. Where there is no
    command, ``advice`` says what to do. What ``is_text`` can be learned from, with its markup.
    """

    description: str
    command: str = ""
    advice: str = ""
    is_text: bool = False

    def explain(
        self, name: str, compression: str | None = None, *, for_training: bool = True
    ) -> str:
        """Return what the file ``name`` is and what to do about it; "-" is standard input.

        It was found inside of a file of this ``compression``, if it was compressed. Unless it is
        read ``for_training``, the command only extracts the text.
        """
        if not self.command:
            return _("{description}; {advice}").format(
                description=_(self.description), advice=_(self.advice)
            )
        # The user knows which file was written to standard input.
        is_stdin, name = name == "-", f"./{name}" if name.startswith("-") else name
        file = "FILE" if is_stdin else quote_word(name)
        folder = ARCHIVE_SUFFIX.sub("", name)
        folder = f"{name}-texts" if folder in ("", name) else folder
        folder = "FOLDER" if is_stdin else quote_word(folder)
        command = self.command.format(file=file, folder=folder)
        if compression and self is not TAR:
            unpack = f"{compression} -dc {file}"
            if not self.is_text:
                explanation = _("{description}, compressed; decompress it first: {command}")
                return explanation.format(
                    description=_(self.description), command=f"{unpack} > NEWFILE"
                )
            command = f"{unpack} | {self.command.format(file='-', folder=folder)}"
        if self.is_text:
            explanation = _("{description}; to learn the text without its markup, run: {command}")
        elif not for_training:
            explanation = _("{description}; to get its text, run: {command}")
            command = _extract_only(command)
        else:
            explanation = _("{description}; to train on its text, run: {command}")
        return explanation.format(description=_(self.description), command=command)


def _extract_only(command: str) -> str:
    """Return the ``command`` of a file type without the training on the text."""
    return command.partition(" && charrnn train ")[0].replace(" | charrnn train -", " > TEXT.txt")


def _pandoc(form: str) -> str:
    return f"pandoc -f {form} -t plain --wrap=none {{file}} | charrnn train -"


NO_TEXT = gettext_noop("it has no text to learn from; name a text file")
PDF = FileType(gettext_noop("is a PDF"), "pdftotext {file} - | charrnn train -")
POSTSCRIPT = FileType(gettext_noop("is PostScript"), "ps2ascii {file} | charrnn train -")
RTF = FileType(gettext_noop("is RTF, whose markup is learned too"), _pandoc("rtf"), is_text=True)
HTML = FileType(gettext_noop("is HTML, whose tags are learned too"), _pandoc("html"), is_text=True)
XML = FileType(
    gettext_noop("is XML, whose tags are learned too"),
    "xmllint --xpath 'string(/)' {file} | charrnn train -",
    is_text=True,
)
OLD_OFFICE = FileType(
    gettext_noop("is a document of an old Microsoft Office (.doc, .xls or .ppt)"),
    "catdoc {file} | charrnn train -",
)
IMAGE = FileType(gettext_noop("is an image"), "tesseract {file} - | charrnn train -")
MEDIA = FileType(gettext_noop("is audio or video"), advice=NO_TEXT)
PROGRAM = FileType(gettext_noop("is a compiled program"), advice=NO_TEXT)
TABLE = FileType(gettext_noop("is a file of numbers or a table in a binary format"), advice=NO_TEXT)
MODEL = FileType(
    gettext_noop("is a model or an array of NumPy (.npz), not a text; name the text to train on"),
    advice=gettext_noop("a model is continued by `init_from` and sampled by charrnn sample"),
)
SQLITE = FileType(gettext_noop("is an SQLite database"), "sqlite3 {file} .dump | charrnn train -")
EBOOK = FileType(
    gettext_noop("is an e-book in the format of Kindle"),
    "ebook-convert {file} {folder}.txt && charrnn train {folder}.txt",
)
DJVU = FileType(gettext_noop("is a DjVu document"), "djvutxt {file} | charrnn train -")
DOCX = FileType(gettext_noop("is a Word document (.docx)"), _pandoc("docx"))
ODT = FileType(gettext_noop("is an OpenDocument text (.odt)"), _pandoc("odt"))
EPUB = FileType(gettext_noop("is an e-book (.epub)"), _pandoc("epub"))
SPREADSHEET = FileType(
    gettext_noop("is a spreadsheet"),
    advice=gettext_noop(
        "save it as CSV, or as a text with one record per line, and name that file"
    ),
)
SLIDES = FileType(
    gettext_noop("is a presentation"),
    advice=gettext_noop("save it as plain text, and name that file"),
)
OFFICE = FileType(
    gettext_noop("is an office document"),
    advice=gettext_noop("save it as plain text, and name that file"),
)
ZIP = FileType(
    gettext_noop("is a zip archive"), "unzip {file} -d {folder} && charrnn train {folder}"
)
TAR = FileType(
    gettext_noop("is a tar archive"),
    "mkdir {folder} && tar -xf {file} -C {folder} && charrnn train {folder}",
)
SEVEN_ZIP = FileType(
    gettext_noop("is a 7z archive"), "7z x {file} -o{folder} && charrnn train {folder}"
)
RAR = FileType(
    gettext_noop("is a rar archive"), "unar -o {folder} {file} && charrnn train {folder}"
)
ZSTD = FileType(gettext_noop("is compressed by zstd"), "zstd -dc {file} | charrnn train -")
LZ4 = FileType(gettext_noop("is compressed by lz4"), "lz4 -dc {file} | charrnn train -")
LZIP = FileType(gettext_noop("is compressed by lzip"), "lzip -dc {file} | charrnn train -")
LZMA = FileType(
    gettext_noop("is compressed by lzma"), "xz --format=lzma -dc {file} | charrnn train -"
)
COMPRESS = FileType(
    gettext_noop("is compressed by compress (.Z)"), "gzip -dc {file} | charrnn train -"
)
TWICE = FileType(
    gettext_noop("is compressed twice"),
    advice=gettext_noop("decompress it once, and name the result"),
)

SIGNATURES: tuple[tuple[int, bytes, FileType], ...] = (
    (0, b"%!PS-", POSTSCRIPT), (0, b"{\\rtf", RTF),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OFFICE),
    (0, b"\x89PNG\r\n\x1a\n", IMAGE), (0, b"\xff\xd8\xff", IMAGE), (0, b"GIF87a", IMAGE),
    (0, b"GIF89a", IMAGE), (8, b"WEBP", IMAGE), (0, b"II*\0", IMAGE), (0, b"MM\0*", IMAGE),
    (0, b"\0\0\1\0", IMAGE), (4, b"ftyphei", IMAGE), (4, b"ftypmif", IMAGE), (4, b"ftypavi", IMAGE),
    (0, b"8BPS\0", IMAGE), (0, b"\xff\x0a\x00", IMAGE), (0, b"\0\0\0\x0cjP  ", IMAGE),
    (0, b"ID3\2", MEDIA), (0, b"ID3\3", MEDIA), (0, b"ID3\4", MEDIA), (0, b"\xff\xfb", MEDIA),
    (0, b"\xff\xf3", MEDIA), (0, b"\xff\xf2", MEDIA), (0, b"OggS\0", MEDIA), (0, b"fLaC\0", MEDIA),
    (8, b"WAVEfmt ", MEDIA), (8, b"AVI LIST", MEDIA), (8, b"AIFF", MEDIA), (8, b"AIFC", MEDIA),
    (0, b"MThd\0", MEDIA), (4, b"ftyp", MEDIA), (0, b"\x1aE\xdf\xa3", MEDIA), (0, b"FLV\1", MEDIA),
    (0, b"\0\0\1\xba", MEDIA), (4, b"moov", MEDIA), (0, b"#!AMR", MEDIA),
    (0, b"0&\xb2u\x8ef\xcf\x11", MEDIA), (0, b"AT&TFORM", DJVU),
    (60, b"BOOKMOBI", EBOOK), (60, b"TEXtREAd", EBOOK), (0, b"SQLite format 3\0", SQLITE),
    (0, b"\x7fELF", PROGRAM), (0, b"\xcf\xfa\xed\xfe", PROGRAM), (0, b"\xce\xfa\xed\xfe", PROGRAM),
    (0, b"\xca\xfe\xba\xbe", PROGRAM), (0, b"\0asm", PROGRAM), (0, b"!<arch>\n", PROGRAM),
    (0, b"\x93NUMPY", TABLE), (0, b"\x89HDF\r\n", TABLE), (0, b"PAR1\x15", TABLE),
    (0, b"ARROW1\0", TABLE), (0, b"bplist00", TABLE), (0, b"wOFF\0", TABLE), (0, b"wOF2\0", TABLE),
    (0, b"\0\1\0\0\0", TABLE), (0, b"OTTO\0", TABLE),
    (257, b"ustar", TAR), (0, b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP), (0, b"Rar!\x1a\7", RAR),
    (0, b"\x28\xb5\x2f\xfd", ZSTD), (0, b"\x04\x22\x4d\x18", LZ4), (0, b"LZIP\1", LZIP),
    (0, b"]\0\0\x80\0", LZMA), (0, b"]\0\0\0\1", LZMA), (0, b"\x1f\x9d", COMPRESS),
)  # fmt: skip
"""Offsets, the bytes there, and the type. No text in a common encoding has them at these places."""
RIFF_FORMS = (b"WEBP", b"WAVEfmt ", b"AVI LIST", b"AIFF", b"AIFC")
ZIP_MAGIC = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
ZIP_TYPES: tuple[tuple[str, FileType], ...] = (
    ("word/", DOCX), ("xl/", SPREADSHEET), ("ppt/", SLIDES), ("META-INF/container.xml", EPUB),
    ("META-INF/MANIFEST.MF", PROGRAM), ("Index/", OFFICE), ("Index.zip", OFFICE),
)  # fmt: skip
MIME_TYPES: tuple[tuple[bytes, FileType], ...] = (
    (b"application/epub+zip", EPUB), (b"application/vnd.oasis.opendocument.text", ODT),
    (b"application/vnd.oasis.opendocument.spreadsheet", SPREADSHEET),
    (b"application/vnd.oasis.opendocument", OFFICE),
)  # fmt: skip
PROLOGUE = re.compile(r"\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*)*", re.DOTALL)
HTML_START = re.compile(
    r"<(!doctype\s+html|html|head|body|title|meta|link|script|style|iframe|table|div|p|h1)[\s/>]",
    re.IGNORECASE,
)
"""A whole page, or a part of one; the tags are of those by which browsers recognize HTML."""
XML_START = re.compile(r"\s*<\?xml\s")
XML_ROOT = re.compile(
    r"<(svg[\s>]|!doctype\s+(?!html\b)[\w:.-]+[\s>]|[\w:.-]+\s[^<>]*xmlns[:=])", re.IGNORECASE
)
"""The beginning of XML without a declaration."""
PDF_AFTER_JUNK = re.compile(
    rb"(\A[\xef\xbb\xbf\s\0]{0,1023}%PDF-[12]\.\d)"
    rb"|(\A.{0,1022}?[\r\n\0]%PDF-[12]\.\d\s*[\r\n](%[^\r\n]*[\r\n]+)?\d+ \d+ obj\b)",
    re.DOTALL,
)
"""PDF after white space, or in the first 1024 bytes with an object, which programs open too."""


def find_file_type(stream: BinaryIO) -> FileType | None:
    """Recognize the file that ``stream`` is at the beginning of; None for a plain text.

    It has been decompressed if it was compressed.

    The stream is left anywhere. Raises what reading from it raises.
    """
    start = stream.read(START_BYTES)
    if find_compression(start):
        return TWICE
    if start.startswith(ZIP_MAGIC):
        return _find_zip_type(start, stream)
    if start.startswith(b"%PDF-") or PDF_AFTER_JUNK.search(start):
        return PDF
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf1"):
        return RTF
    for offset, magic, kind in SIGNATURES:
        if start.startswith(magic, offset) and _is_confirmed(start, magic):
            return kind
    if _has_windows_header(start):
        return PROGRAM
    if start.startswith(b"BM") and len(start) > 26 and start[6:10] == bytes(4):
        return IMAGE
    return _find_markup(start)


def _is_confirmed(start: bytes, magic: bytes) -> bool:
    """Return whether the rest of the header fits too, where the signature alone is short."""
    if magic in RIFF_FORMS:
        return start.startswith((b"RIFF", b"RIFX", b"FORM"))
    if magic in (b"moov", b"ftyp") or magic.startswith(b"ftyp"):
        return start.startswith(b"\0\0")  # the size of the first box, in four bytes
    return True


def _has_windows_header(start: bytes) -> bool:
    """Return whether the file is a program of DOS or Windows: MZ, and a header with NULs."""
    return start.startswith(b"MZ") and start[28:60].count(0) > 16


def _find_zip_type(start: bytes, stream: BinaryIO) -> FileType:
    """Distinguish the documents that are zip archives, by the names of their members."""
    for mime, kind in MIME_TYPES:
        if start[30:].startswith(b"mimetype" + mime):
            return kind
    names: list[str] = []
    with suppress(zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        names = zipfile.ZipFile(stream).namelist()
    if names and all(name.endswith(".npy") for name in names):
        return MODEL
    for beginning, kind in ZIP_TYPES:
        if any(name.startswith(beginning) for name in names):
            return kind
    return ZIP


def _find_markup(start: bytes) -> FileType | None:
    """Recognize HTML and XML in any encoding that has ASCII, or in UTF-16 and UTF-32."""
    for text in _decode_start(start):
        rest = text[PROLOGUE.match(text).end() :]  # type: ignore[union-attr]  # it matches ""
        if HTML_START.match(rest):
            return HTML
        if XML_START.match(text) or XML_ROOT.match(rest):
            return XML
    return None


def _decode_start(start: bytes) -> Iterator[str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            yield start[len(mark) :].decode(encoding, "replace")
            return
    yield start.decode("latin-1")
    if b"\0" in start[:4]:
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            yield start.decode(encoding, "replace")

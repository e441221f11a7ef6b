"""How much a text looks like a language, judged by its letters beyond ASCII.

By this, the encodings that a file may be in are put into an order, the likeliest first. It is no
detection: the user decides (encodings.py).
"""

import re
from collections import Counter

TYPOGRAPHY = frozenset(
    "‘’‚“”„«»‹›–—…·•°§©®™€£¥½¼¾²³×÷¡¿№\u00a0\u3000、。「」『』（）・！？：；，《》〈〉【】"
)
"""Signs that texts of many languages have."""
WRITTEN: dict[str, tuple[str, ...]] = {
    "cp1252": (
        "äöüß", "éèêëàâçîïôûùœæ", "áéíñóúü", "ãõáâàçéêíóôú", "àèéìòù", "åäöæøé", "áðéíóúýþæö",
        "éëïóöü",
    ),
    "cp1250": (
        "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž",
    ),
    "cp1251": (
        "оеаинтслрвкмдпуяыьгзбчйхжшюцщэфъё", "оаиніевтрслкмдупязьбгхчйжїшюєщцґф",
        "аеионтрсвлдкпмзубягьъчшйжцщхюф",
    ),
    "cp1253": ("αοιετσνηυρπκμλςόίάέήθγδώύχφβξζψϊϋ",),
    "cp1254": ("çğıöşüâîû",),
    "cp1255": (
        "יוהלאברתשמםנןעדקחפךףצץטגכסז\u05b0\u05b4\u05b7\u05b8\u05bc\u05b6\u05b5\u05b9",
    ),
    "cp1256": (
        "اليمنوتربعدسهكفقحجشصطخذضثظغءأإآؤئةىپچژگ\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652،؛؟",
    ),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),
    "cp1258": ("ăâđêôơưáàéèíóúùý\u0300\u0301\u0303\u0309\u0323",),
    "cp874": ("านรกเงมยลวดทสตปบคอหะ่้ัิีืุูแโไใ็์ขจชซญณถธผฝพฟฉฎฏฐฑฒฆฌภศษฬฮฤฦาำ๐๑๒๓๔๕๖๗๘๙ๆฯ",),
}  # fmt: skip
"""The letters beyond ASCII of some languages, those of other scripts by frequency."""
SAME_LETTERS = {
    "cp1252": ("iso8859-15", "mac_roman", "cp850", "cp437"),
    "cp1250": ("iso8859-2", "mac_latin2", "cp852"),
    "cp1251": ("koi8-r", "koi8-u", "iso8859-5", "mac_cyrillic", "cp866", "cp855"),
    "cp1253": ("iso8859-7", "mac_greek", "cp737"),
    "cp1254": ("iso8859-9", "mac_turkish", "cp857"),
    "cp1255": ("iso8859-8", "cp862"),
    "cp1256": ("iso8859-6", "cp864"),
    "cp1257": ("iso8859-13", "iso8859-4", "cp775"),
    "cp1258": (),
    "cp874": ("tis-620",),
}
"""Other encodings in which these languages are written: those of ISO, of the Macintosh and DOS."""
LETTERS = {
    encoding: letters
    for windows, letters in WRITTEN.items()
    for encoding in (windows, *SAME_LETTERS[windows])
}
JAPANESE = ("euc_jp", "cp932")
COMMON_KANJI = {
    "euc_jp": ("euc_jp", 0xA4, 0xCF), "cp932": ("euc_jp", 0xA4, 0xCF),
    "euc_kr": ("euc_kr", 0xB0, 0xC8), "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5": ("big5", 0xA4, 0xC6),
}  # fmt: skip
"""For each of these: a character is common whose first byte in a codec is in a range.

That is kana and the first level of kanji, or the syllables of Korean.
"""
CANDIDATES = (*COMMON_KANJI, *LETTERS)
"""The encodings that are compared, those of equal likeness in this order."""
LETTER_PAIR = re.compile(r"(?=([^\W\d_]{2}))")
KANA = re.compile("[\u3041-\u30fa\uff66-\uff9d]")
MIXED = re.compile(r"[A-Za-z](?=[^\W\d_A-Za-z])|[^\W\d_A-Za-z](?=[A-Za-z])")
ACCENTED_RUN = re.compile(r"[^\W\d_A-Za-z]{3,}")
APOSTROPHE = re.compile(r"[A-Za-z]’[A-Za-z]")
FREQUENT = 12
TYPOGRAPHIC = 0.8
"""What a sign counts; an apostrophe between two letters counts as much as `APOSTROPHIC` more."""
APOSTROPHIC = 0.4
WITHOUT_KANA, FEW_KANJI = 0.8, 10
"""The factor for Japanese with so many kanji and no kana, which is rather Chinese or Korean."""
HALF_WIDTH = 0.7
"""What half-width katakana counts: Japanese has it, but other encodings look like it too."""


def likeness(text: str, encoding: str) -> float:
    """Return how much ``text`` looks like a language written in ``encoding``: about 1 if it is."""
    counts = Counter(character for character in text if character > "\x7f")
    total = counts.total()
    if not total:
        return 0.0
    mixed = len(MIXED.findall(text))
    if encoding in COMMON_KANJI:
        weight = sum(_weigh_kanji(one, encoding) * n for one, n in counts.items())
        if encoding in JAPANESE and len(counts) >= FEW_KANJI and not KANA.search(text):
            weight *= WITHOUT_KANA
        return (weight - mixed / 2) / total
    best = max(_count_letters(counts, letters) for letters in LETTERS[encoding])
    best += APOSTROPHIC * len(APOSTROPHE.findall(text))
    # A word has no capital after a small letter.
    pairs = (pair for pair in LETTER_PAIR.findall(text) if not pair.isascii())
    faults = sum(pair[0].islower() and pair[1].isupper() for pair in pairs)
    if _is_latin(LETTERS[encoding][0]):
        faults += sum(map(len, ACCENTED_RUN.findall(text)))
    else:
        faults += mixed
    return (best - faults) / total


def _count_letters(counts: Counter[str], letters: str) -> float:
    """Add 1 for each frequent letter of a language, less for others, and 0 for other characters."""
    by_frequency = not _is_latin(letters)
    weight = dict.fromkeys(letters, 0.6 if by_frequency else 1.0)
    if by_frequency:
        weight.update(dict.fromkeys(letters[:FREQUENT], 1.0))
    weight.update(dict.fromkeys(TYPOGRAPHY, TYPOGRAPHIC))
    return sum(
        (weight.get(one.lower(), 0.0) - 0.1 * one.isupper()) * n for one, n in counts.items()
    )


def _is_latin(letters: str) -> bool:
    """Return whether a language needs only these few letters besides those of ASCII."""
    return letters[0] < "\u0370"


def _weigh_kanji(character: str, encoding: str) -> float:
    codec, first, last = COMMON_KANJI[encoding]
    if character in TYPOGRAPHY:
        return 1.0
    if "\uff61" <= character <= "\uff9f":
        return HALF_WIDTH
    try:
        data = character.encode(codec)
    except UnicodeEncodeError:
        return 0.0
    return float(len(data) == 2 and first <= data[0] <= last)

"""Texts with the value of a property below each character; ↵ is a newline."""

import pytest

import charrnn
from charrnn.render.sections import neurons
from charrnn.render.terminal import render_text
from charrnn.reports.text_properties import PROPERTIES

QUOTED = {
    "English": ("He said “No.” “Why?” I’d ask.",
                "00000000111100111110000000000"),
    "English, straight": ('"No," he said. "It\'s 6."',
                          "111100000000000111111110"),
    "English, single": ("‘It’s the boys’ job,’ said ’em.",
                        "1111111111111111111100000000000"),
    "English, straight and single": ("'Tis so. 'I don't,' he said.",
                                     "0000000001111111110000000000"),
    "English, nested": ("“I said ‘no’ to him.” Then",
                        "11111111111111111111000000"),
    "apostrophes": ("The dogs’ and cats’ ’90s rock ’n’ roll",
                    "00000000000000000000000000000000000000"),
    "inches": ('a 5" disc, 3\'6" wide, is "big".',
               "0000000000000000000000000111100"),
    "German": ("„Ja“, sagte er. „Nein“",
               "1110000000000000111110"),
    "German, nested": ("Er: „Sag ‚Ja‘, du!“ Da",
                       "0000111111111111110000"),
    "German, guillemets": ("»Ja«, sagte er: »Nein.« Da",
                           "11100000000000001111110000"),
    "French": ("Il dit : « Oui. » Puis « Non », l’« ami ».",
               "000000000111111100000001111110000011111100"),
    "French, narrow": ("«\u202fOui\u202f», l'un. «\u202fNon.\u202f»",
                       "11111100000000011111110"),
    "Swedish": ("”Ja”, sade han. ”Nej.” Och ’så’.",
                "11100000000000001111100000011100"),
    "Finnish": ("»Joo», sanoi hän. »Ei.»",
                "11110000000000000011110"),
    "Polish": ("„Tak” – rzekł. „Nie «ja»”",
               "1111000000000001111111110"),
    "Spanish": ("«¿Qué?», dijo. —«No “tú”»",
                "1111110000000000111111110"),
    "Japanese": ("彼は「え『お』か」と。「ん",
                 "0011111100011"),
    "Chinese": ("他说：“好。”然后说“不”。《书》",
                "00011100001100000"),
    "Chinese, straight": ('他说："好。"然后说"不"。',
                          "00011100001100"),
    "Hebrew": ('צה"ל אמר "כן", מנכ"ל',
               "00000000011100000000"),
    "Hebrew, prefixes": ('ב"הארץ" מ"מ, "ש"ס"',
                         "011111000000011110"),
    "Hindi": ("उसने “हाँ” कहा। ‘ना’",
              "00000111100000001110"),
    "Arabic": ("قال «نعم؟» ثم «لا».",
               "0000111110000011100"),
    "Urdu": ("اس نے ”ہاں“ کہا۔ “نہ”",
             "000000111100000001110"),
    "Armenian": ("Նա ասաց. «Այո՛»։ «Ոչ»",
                 "000000000111110001110"),
    "Korean": ("그는 '네'라고 \"응\"이라고",
               "000110000110000"),
    "a text that begins in a quotation": ("rr“, sagt’ er. „Ja“.",
                                          "00000000000000011100"),
    "unclosed, with blank lines": ("“Oh.↵Yes.↵↵“No,” he.",
                                   "11111111100111100000"),
    "unclosed, without blank lines": ("“Oh.↵Yes.↵“No,”↵“A↵b” c",
                                      "11110000001111001111000"),
    "marks of direction": ("قال \u200f\"نعم\"\u200f ثم \"لا\".",
                           "00000111100000011100"),
    "code": ('x = ["a", "", \'b\'] + "c"',
             "000001100010001100000110"),
    "Markdown": ("``a`` isn't a ''quotation.",
                 "00000000000000000000000000"),
    "LaTeX": ("He said ``It's no'' to me.",
              "00000000111111111000000000"),
}  # fmt: skip


OTHERS = [
    ("position in the line", "ab↵cd",
                             "12012"),
    ("position in the line", "no line",
                             "0000000"),
    ("depth of brackets", "(a[b)]c)",
                          "11222110"),
    ("depth of brackets", "if (a < b) {x->y} :( <i>",
                          "000111111001111100000110"),
    ("depth of brackets", "f(x, [1) (a)",
                          "011111100110"),
    ("depth of brackets", "（《書》）「え",
                          "1221000"),
    ("depth of brackets", "<,a>b<c↵d>",
                          "1110000000"),
    ("after a full stop", "a. B。↵「え",
                          "01101110"),
    ("after a full stop", "It is 3.14 e.g. in U.S. law. No.",
                          "00000000000000000000000000011001"),
    ("after a full stop", "“Wait… no,” he said. “What?!” he…",
                          "000000000000000000011100001111001"),
    ("after a full stop", "no capitals. at all",
                          "0000000000011000000"),
    ("after a full stop", "Sí.¿Qué? ¡No!",
                          "0010000110001"),
    ("after a full stop", "वह गया। हाँ॥ نعم؟ ہاں۔ այո։ ቤት። ဟုတ်။ ｱ｡",
                          "0000001100011000110001100011001100001101"),
    ("after a full stop", "「……え？」と……。Τι; Ναι.",
                          "000011011100110001"),
    ("kanji", "今日はx時々〇〆",
              "11001111"),
    ("hiragana", "らーめんカーか゛が",
                 "111100101"),
    ("katakana", "カード・ｶﾞｰﾙらー･",
                 "11101111000"),
    ("Latin letter", "aéあ1Ａe\u0301か\u3099",
                     "110011100"),
]  # fmt: skip


def show(name: str, text: str) -> str:
    return "".join(map(str, PROPERTIES[name](text.replace("↵", "\n"))))


@pytest.mark.parametrize("language", QUOTED)
def test_quotations_of_many_languages(language: str) -> None:
    text, mask = QUOTED[language]
    assert len(text) == len(mask)
    assert show("inside quotes", text) == mask


@pytest.mark.parametrize(("name", "text", "values"), OTHERS)
def test_properties_are_what_they_are_called(name: str, text: str, values: str) -> None:
    assert show(name, text) == values


def test_properties_that_do_not_occur_are_named_and_not_correlated(model: charrnn.Model) -> None:
    report = model.neurons("今日は風が強い。洗濯物に気をつけた。")
    assert report.properties == ("after a full stop", "hiragana", "kanji")
    assert set(report.properties).isdisjoint(report.absent)
    assert {follower.property for follower in report.followers} == set(report.properties)
    shown = " ".join(render_text(neurons.build_section(report)).split())
    assert "inside quotes, position in the line, depth of brackets, katakana, Latin" in shown


def test_a_text_of_one_character_has_no_properties(model: charrnn.Model) -> None:
    report = model.neurons("風" * 9)
    assert report.absent == tuple(PROPERTIES)
    assert "no property" in render_text(neurons.build_section(report))

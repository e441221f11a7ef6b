"""The note on a text whose end is unlike the rest."""

import random
import string
from pathlib import Path

import numpy as np
import pytest

from charrnn.text.line_starts import Distance, is_end_unlike, measure_distance
from tests.conftest import ROOT, TEXT, Program

UNLIKE = "the end of the text, on which the model is validated, is unlike the rest"
SETTINGS = ("--hidden", "4", "--batch", "2", "--seq", "8", "--steps", "1")


def is_unlike(text: str, share: float) -> bool:
    characters = sorted(set(text))
    ids = np.array([characters.index(char) for char in text])
    cut = len(ids) - round(share * len(ids))
    return is_end_unlike(ids[:cut], ids[cut:], characters.index("\n"), len(characters))


def make_names(number: int) -> list[str]:
    rng = random.Random(3)
    return [
        "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9))) for _ in range(number)
    ]


KANA = [
    first + second for first in "あいうえおかきくけこさしすせそたちつてと" for second in "んいうら"
]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("lines", [make_names(1000), KANA * 10], ids=["names", "かな"])
def test_a_sorted_list_has_an_end_unlike_the_rest(lines: list[str], share: float) -> None:
    assert is_unlike("".join(f"{line}\n" for line in sorted(lines)), share)
    random.Random(1).shuffle(lines)
    assert not is_unlike("".join(f"{line}\n" for line in lines), share)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("name", ["tenki", "kakko", "harbour"])
def test_a_text_in_its_natural_order_has_not(name: str, share: float) -> None:
    assert not is_unlike((ROOT / f"corpora/{name}.txt").read_text(encoding="utf-8"), share)


def test_few_lines_tell_nothing() -> None:
    assert not is_unlike("".join(f"{letter}oo\n" for letter in "aabbccddeeffgg" * 2), 0.5)


def test_the_distances_are_those_of_their_definitions() -> None:
    counts = np.array([3, 1, 0, 0])
    assert measure_distance(counts, counts).variation == 0
    end_loss = (np.log(7 / 4) + 3 * np.log(7 / 1)) / 4
    loss = (3 * np.log(6 / 3) + np.log(6 / 1)) / 4
    expected = Distance(0.75, float(end_loss - loss))
    assert measure_distance(counts, np.array([1, 0, 3, 0])) == pytest.approx(expected)


def test_a_note_names_shuffle(program: Program, tmp_path: Path) -> None:
    names = "".join(f"{name}\n" for name in sorted(make_names(600)))
    (tmp_path / "names.txt").write_text(names, encoding="utf-8")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    train = ("train", "names.txt", *SETTINGS)
    notes = [line for line in program(*train).err.splitlines() if UNLIKE in line]
    assert len(notes) == 1
    assert "--shuffle lines or paragraphs" in notes[0]
    assert UNLIKE not in program(*train, "--shuffle", "lines").err
    assert UNLIKE not in program(*train, "--val-file", "text.txt").err
    assert UNLIKE not in program(*train, "--val", "0").err
    assert UNLIKE not in program("train", "text.txt", *SETTINGS).err

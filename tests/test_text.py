"""From the bytes of files to ids, their splits and streams, and from ids back to text."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.arrays import Ids
from charrnn.config import TrainConfig
from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.text import decode
from charrnn.text.corpus import Streams, encode_corpus, read_file, scan_corpus, split_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.encodings import detect_encoding
from charrnn.text.normalization import Normalization
from charrnn.text.sources import CorpusFiles, find_sources
from charrnn.text.vocab import Vocabulary
from charrnn.training.automatic import complete_settings

KEEP, LF = Normalization("keep"), Normalization("lf")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def decoded(
    data: bytes, normalization: Normalization = KEEP, piece: int = 1 << 20, encoding: str = "utf-8"
) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode, "PIECE_BYTES", piece)
        return "".join(
            normalization.apply_to_pieces(decode.decode_stream(io.BytesIO(data), encoding))
        )


def scan(paths: list[Path], normalization: Normalization = LF, min_count: int = 1) -> CorpusInfo:
    return exhaust(scan_corpus(CorpusFiles(find_sources(paths)), "auto", normalization, min_count))[
        0
    ]


def encode(paths: list[Path], corpus_info: CorpusInfo, ids: Path) -> Ids:
    return exhaust(
        encode_corpus(
            CorpusFiles(list(map(detect_encoding, find_sources(paths)))), corpus_info, ids
        )
    )


@given(TEXT.filter(lambda text: not text.startswith("\ufeff")), st.integers(1, 7))
def test_reading_in_pieces_equals_reading_at_once(text: str, piece: int) -> None:
    assert decoded(text.encode(), piece=piece) == text


@given(st.text(st.sampled_from("a\r\n今")), st.integers(1, 7))
def test_every_kind_of_newline_becomes_lf_wherever_a_piece_ends(text: str, piece: int) -> None:
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert (
        decoded(text.encode(), Normalization("lf"), piece)
        == expected
        == Normalization("lf").apply(text)
    )
    assert Normalization("keep").apply(text) == text


def test_byte_order_mark_is_dropped_at_the_start_only() -> None:
    assert decoded("\ufeff今\ufeff日".encode()) == "今\ufeff日"


@given(TEXT.filter(bool))
def test_decoding_encoded_text_gives_the_same_text(text: str) -> None:
    known = "".join(sorted(set(text)))
    vocabulary = Vocabulary(known, tuple(map(text.count, known)))
    assert vocabulary.decode(vocabulary.encode(text)) == text


def corpus(tmp_path: Path, **files: str | bytes) -> list[Path]:
    paths = []
    for name, content in files.items():
        path = tmp_path / name.replace("_", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return paths


def test_ids_on_disk_have_the_order_of_the_files_and_the_smallest_dtype(tmp_path: Path) -> None:
    paths = corpus(tmp_path, b_txt="今日は", a_txt="abc今")
    corpus_info = scan(paths)
    ids = encode(paths, corpus_info, tmp_path / "ids")
    assert corpus_info.vocabulary.decode(ids) == "今日は\nabc今"
    assert ids.dtype == np.uint8
    assert corpus_info.vocabulary.characters == "".join(sorted("\nabc今日は"))
    assert (
        dict(zip(corpus_info.vocabulary.characters, corpus_info.vocabulary.counts, strict=True))[
            "今"
        ]
        == 2
    )
    assert corpus_info.files == ("b.txt", "a.txt")


def test_a_larger_vocabulary_gets_a_wider_dtype(tmp_path: Path) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 1000)))
    paths = corpus(tmp_path, k_txt=text)
    corpus_info = scan(paths)
    ids = encode(paths, corpus_info, tmp_path / "ids")
    assert ids.dtype == np.uint16
    assert corpus_info.vocabulary.decode(ids) == text


def test_a_corpus_may_be_a_folder_and_contain_gzip_files(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "b.txt.gz").write_bytes(gzip.compress("にち".encode()))
    (folder / "a.txt").write_text("今")
    (folder / "picture.png").write_bytes(b"\xff\xfe")
    corpus_info = scan([folder])
    assert corpus_info.files == ("a.txt", "b.txt.gz")
    assert corpus_info.characters == 4  # with a newline between the files


def test_corpus_that_changes_between_the_passes_is_refused(tmp_path: Path) -> None:
    paths = corpus(tmp_path, a_txt="abcabc")
    corpus_info = scan(paths)
    paths[0].write_text("abcabcabc")
    with pytest.raises(InputError, match="no longer, the text that was read first"):
        encode(paths, corpus_info, tmp_path / "ids")


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "is empty"), ("aaaa", "repeats a single character"), ("a", "repeats a single")],
)
def test_a_text_without_two_different_characters_is_refused(
    tmp_path: Path, content: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        scan(corpus(tmp_path, a_txt=content))


def test_damaged_gzip_is_an_input_error(tmp_path: Path) -> None:
    whole = gzip.compress(b"abc" * 1000)
    for name, data in (("cut", whole[:-9]), ("no", b"abc")):
        paths = corpus(tmp_path, **{f"{name}_gz": data})
        with pytest.raises(InputError, match="gzip"):
            scan(paths)


def test_a_file_is_read_as_it_would_be_in_a_corpus(tmp_path: Path) -> None:
    (path,) = corpus(tmp_path, a_txt="\ufeffa\r\nb")
    assert read_file(path, Normalization("lf")) == "a\nb"
    assert read_file(path, Normalization("keep")) == "a\r\nb"


@given(st.integers(13, 3000), st.floats(0, 0.6), st.floats(0, 0.2))
def test_splits_are_contiguous_and_do_not_overlap(n: int, val: float, test: float) -> None:
    config, ids = TrainConfig(val=val, test=test), np.arange(n)
    parts = split_corpus(ids, config)
    np.testing.assert_array_equal(np.concatenate([parts.train, parts.val, parts.test]), ids)
    assert len(parts.val) == round(val * n)
    assert len(parts.test) == round(test * n)


@pytest.mark.parametrize(
    ("characters", "val", "expected"),
    [(1000, None, 100), (10_000_000, None, 500_000), (1000, 0.2, 200), (1000, 50, 50), (9, 0, 0)],
)
def test_validation_part_is_a_share_or_a_number_of_characters(
    characters: int, val: float | None, expected: int
) -> None:
    assert TrainConfig(val=val).split_sizes(characters)[1] == expected


def test_split_that_leaves_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(InputError, match="leave too few to train on"):
        TrainConfig(val=99, test=10).split_sizes(100)


@given(st.integers(2, 200), st.integers(1, 9), st.integers(1, 9))
@settings(deadline=None)
def test_streams_read_the_whole_text_in_order_and_predict_only_the_next_character(
    n: int, batch: int, seq: int
) -> None:
    streams = Streams(np.arange(n), batch)
    steps = range(0, 3 * n, seq)
    ids, targets = (
        np.concatenate(w) for w in zip(*(streams.window(s, seq) for s in steps), strict=True)
    )
    np.testing.assert_array_equal(targets, ids + 1)  # never across the end of the text
    np.testing.assert_array_equal(ids[1:], targets[:-1] % (n - 1))  # what comes next, comes next
    for stream in range(batch):
        assert set(ids[:, stream]) == set(range(n - 1))
    first_round = ids[: (n - 1) // batch]
    assert len(set(first_round.ravel())) == first_round.size  # an epoch repeats nothing


def test_short_text_gets_fewer_streams_then_a_shorter_window() -> None:
    short = complete_settings(TrainConfig(val=0, batch=32), 641, 20)
    assert (short.batch, short.seq) == (10, 64)
    tiny = complete_settings(TrainConfig(val=0), 11, 5)
    assert (tiny.batch, tiny.seq) == (1, 10)

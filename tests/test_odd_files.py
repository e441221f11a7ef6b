"""Odd files that a user may try: each is learned from, or refused with one clear line."""

import gzip
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.text.corpus import encode_corpus, scan_corpus
from charrnn.text.normalization import Normalization
from charrnn.text.sources import CorpusFiles, find_sources
from tests.conftest import TEXT, Program
from tests.test_cli import failed

QUICK = ("--hidden", "8", "--steps", "4", "--val", "0.1", "--workers", "1", "--out", "run")
BINARY = bytes(range(256)) * 40

REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "one character": ("猫".encode(), "repeats a single character"),
    "one distinct character": (b"a" * 5000, "repeats a single character"),
    "only a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "binary": (BINARY, "no other encoding fits; is it a text?"),
    "a lone surrogate": (b"abc\xed\xa0\x80" * 9, "byte 3 (line 1) is not UTF-8"),
    "overlong UTF-8": (b"abc\xc0\xaf" * 9, "byte 3 (line 1) is not UTF-8"),
    "a truncated last character": ("猫の手".encode()[:-1], "byte 6 (line 1) is not UTF-8"),
}
LEARNED: dict[str, tuple[str, int]] = {  # with the distinct characters
    "two characters": ("ab", 2),
    "NUL bytes": ("ab\0c\n" * 40, 5),
    "no newline at all": ("abc" * 400, 3),
    "CR only": ("ab\rcd\r" * 40, 5),
    "mixed newlines": ("ab\r\ncd\ref\n" * 40, 7),
    "U+2028": ("ab\u2028cd" * 40, 5),
    "emoji with joiners": ("👩\u200d👩\u200d👧 と 🇯🇵、❤\ufe0f\n" * 40, 11),
    "right to left": ("שלום عليكم\n" * 40, 11),
    "combining characters": ("e\u0301か\u3099\n" * 60, 5),
    "escapes": ("\x1b[31mred\x1b[0m\n" * 40, 10),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_without_a_learnable_text_are_refused(
    name: str, program: Program, tmp_path: Path
) -> None:
    content, words = REFUSED[name]
    (tmp_path / "odd.txt").write_bytes(content)
    failed(program("train", "odd.txt", *QUICK), 3, words)
    assert [path.name for path in tmp_path.iterdir()] == ["odd.txt"]


@pytest.mark.parametrize("name", LEARNED)
def test_odd_but_valid_texts_are_learned(name: str, program: Program, tmp_path: Path) -> None:
    text, distinct = LEARNED[name]
    with (tmp_path / "odd.txt").open("w", encoding="utf-8", newline="") as file:
        file.write(text)
    done = program("train", "odd.txt", *QUICK)
    assert done.code == 0, done.err
    assert f"{distinct} distinct" in done.err
    for report in (["summary"], ["vocab"], ["score", "odd.txt"]):
        assert program("inspect", *report, "run").code == 0
    assert program("sample", "run", "--length", "20").code == 0


def test_a_character_across_a_piece_boundary_is_read_correctly(tmp_path: Path) -> None:
    """Pieces are 1 MiB; the boundary cuts a character of three bytes at each of its bytes."""
    for before in range(3):
        text = "a" * ((1 << 20) - before) + "猫" * 10
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        corpus_info, sources = exhaust(
            scan_corpus(CorpusFiles(find_sources([tmp_path / "a.txt"])), "auto", Normalization())
        )
        ids = exhaust(encode_corpus(sources, corpus_info, tmp_path / "ids"))
        assert corpus_info.vocabulary.decode(ids) == text


def test_a_hundred_thousand_distinct_characters_are_learned(
    program: Program, tmp_path: Path
) -> None:
    codes = (code for code in range(0x100, 0x30000) if not 0xD800 <= code < 0xE000)
    text = "".join(chr(code) for code, _ in zip(codes, range(100_000), strict=False))
    (tmp_path / "many.txt").write_text(text, encoding="utf-8")
    done = program("train", "many.txt", *QUICK, "--val", "500")
    assert done.code == 0, done.err
    assert "100,000 distinct" in done.err


def test_folders_links_pipes_and_devices_are_read_or_refused(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "folder.txt" / "deep.txt").mkdir()
    failed(program("train", "folder.txt", *QUICK), 3, "folder.txt: contains no *.txt")
    (tmp_path / "folder.txt" / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "folder.txt" / "loop").symlink_to(tmp_path / "folder.txt")
    assert program("train", "folder.txt", *QUICK).code == 0
    (tmp_path / "folder.txt" / "b.txt").symlink_to("nowhere")
    failed(
        program("train", "folder.txt", *QUICK[:-1], "x"),
        3,
        "b.txt: is a link to a file that does not exist",
    )
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    failed(program("train", "loop.txt", *QUICK[:-1], "x"), 3, "loop.txt: cannot be read (Too many")
    failed(program("train", "/dev/null", *QUICK[:-1], "x"), 3, "/dev/null: is empty")
    os.mkfifo(tmp_path / "fifo")
    writer = threading.Thread(target=lambda: (tmp_path / "fifo").write_bytes(TEXT.encode("euc_jp")))
    writer.start()
    assert program("train", "fifo", *QUICK[:-1], "fifo-run").code == 0
    writer.join()


def test_a_full_disk_before_the_training_is_exit_6_and_leaves_no_files(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(TEXT * 40, encoding="utf-8")
    script = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (65536, 65536));"
    script += "from charrnn.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "train", "long.txt", *QUICK], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 6
    assert done.stderr == "charrnn: run/corpus.ids: cannot be written (File too large)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["long.txt"]


def test_a_folder_with_an_unreadable_subfolder_is_refused(
    text: Path, unprivileged: Program
) -> None:
    (text.parent / "deep").mkdir(mode=0)
    failed(unprivileged("train", ".", *QUICK), 3, "deep: cannot be read (Permission denied)")


def test_a_file_without_read_permission_is_refused(text: Path, unprivileged: Program) -> None:
    text.chmod(0)
    failed(
        unprivileged("train", text.name, *QUICK), 3, "text.txt: cannot be read (Permission denied)"
    )


def test_standard_input_that_is_closed_or_given_twice_is_refused(
    program: Program, tmp_path: Path
) -> None:
    failed(program("train", "-", "-", *QUICK, stdin=b"abc" * 99), 3, "-: is given twice")
    closed = subprocess.run(
        ["sh", "-c", '"$0" -m charrnn train - <&-', sys.executable],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (closed.returncode, closed.stdout) == (3, "")
    assert closed.stderr.startswith("charrnn: -: cannot be read (")


def test_a_read_error_is_an_input_error(program: Program) -> None:
    failed(program("train", "/proc/self/mem", *QUICK), 3, "/proc/self/mem: cannot be read")


def test_a_file_that_is_deleted_between_the_passes_is_an_input_error(
    text: Path, tmp_path: Path
) -> None:
    corpus_info, sources = exhaust(
        scan_corpus(CorpusFiles(find_sources([text])), "auto", Normalization())
    )
    text.unlink()
    with pytest.raises(InputError, match=r"text.txt: cannot be read \(No such file"):
        exhaust(encode_corpus(sources, corpus_info, tmp_path / "ids"))


@pytest.mark.parametrize("name", [b"new\nline.txt", b"\xff\xfe.txt", "猫 の\t.txt".encode()])
def test_file_names_with_newlines_or_invalid_bytes_are_accepted(
    name: bytes, program: Program, tmp_path: Path
) -> None:
    path = os.fsdecode(name)
    (tmp_path / path).write_text(TEXT, encoding="utf-8")
    assert program("train", path, *QUICK).code == 0
    summary = program("inspect", "run")
    assert summary.code == 0
    assert "\t" not in summary.out
    resumed = program("train", path, "--resume", "--out", "run", "--steps", "6")
    assert resumed.code == 0, resumed.err
    failed(program("train", os.fsdecode(b"none\n\xff.txt"), *QUICK[:-1], "x"), 3, "no such file")


def test_truncated_or_invalid_gzip_files_are_refused(program: Program, tmp_path: Path) -> None:
    whole = gzip.compress(TEXT.encode())
    for content in (whole[:-20], whole[:5], b"plain text\n" * 9):
        (tmp_path / "a.txt.gz").write_bytes(content)
        failed(program("train", "a.txt.gz", *QUICK), 3, "a.txt.gz: damaged gzip file")


def test_a_gzip_bomb_takes_no_memory(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.gz", "wb", 1) as file:
        for _ in range(300):
            file.write(b"a" * 1_000_000)
    script = """
import sys
from charrnn.cli.main import main
sys.argv[1:] = ["train", "bomb.gz"]
try:
    main()
finally:
    (peak,) = [line.split() for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print(peak[1])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 3
    assert "repeats a single character" in done.stderr
    assert int(done.stdout) < 150_000  # kB

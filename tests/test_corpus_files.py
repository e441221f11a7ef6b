"""Which files a corpus has, how they are joined, and what is said about those that are no texts."""

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.paths import path_to_text, text_to_path
from charrnn.reports.copied import find_copied
from charrnn.storage.model_file import load, save
from charrnn.text import decode
from charrnn.text.corpus import encode_corpus, read_file, scan_corpus
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.normalization import Normalization
from charrnn.text.sources import CorpusFiles, find_corpus, find_sources
from tests.conftest import CONFIG, TEXT, Program
from tests.test_cli import failed
from tests.test_copied import corpus_of

QUICK = ("--hidden", "8", "--steps", "4", "--workers", "1", "--out", "run")
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def read_corpus(folder: Path, *paths: Path, newline: str = "lf", normalize: str = "none") -> str:
    """The text of a corpus as a training reads it."""
    normalization = Normalization(newline, normalize)
    corpus_info, files = exhaust(
        scan_corpus(CorpusFiles(find_sources(paths)), "auto", normalization)
    )
    ids = exhaust(encode_corpus(files, corpus_info, folder / "ids"))
    return corpus_info.vocabulary.decode(ids)


def write_files(folder: Path, *names: str) -> None:
    """Write files, each of which has its name as its text."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def listed(folder: Path) -> list[str]:
    return [str(source.path.relative_to(folder)) for source in find_sources([folder])]


def test_hidden_files_and_those_of_systems_are_left_out_of_folders(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        "a.txt", "b/c.TXT", ".a.txt", "._a.txt", ".#a.txt", "~$a.txt", ".git/a.txt",
        ".ipynb_checkpoints/a-checkpoint.txt", "__MACOSX/a.txt", "b/.trash/deep/a.txt",
        "lost+found/a.txt", "$RECYCLE.BIN/a.txt", "@eaDir/a.txt", "a.txt~", "#a.txt#",
        "notes.md", "Thumbs.db", ".DS_Store",
    )  # fmt: skip
    assert listed(tmp_path) == ["a.txt", "b/c.TXT"]
    (note,) = find_corpus(CorpusPaths([tmp_path])).notes
    assert "left out what is hidden" in note


def test_a_hidden_file_or_folder_that_the_user_names_is_read(tmp_path: Path) -> None:
    write_files(tmp_path, ".notes/a.txt", ".notes/.b.txt", ".c.txt")
    assert listed(tmp_path / ".notes") == ["a.txt"]
    assert read_file(tmp_path / ".c.txt", Normalization()) == ".c.txt"
    with pytest.raises(InputError, match=r"has only hidden texts, such as .*\.c\.txt"):
        find_sources([tmp_path])


def test_links_to_folders_are_followed_once_and_loops_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write_files(tmp_path, "more/m.txt", "more/deep/d.txt", "c/b.txt", "c/z/real.txt")
    (folder / "a").symlink_to("z")
    (folder / "more").symlink_to("../more")
    (folder / "twice").symlink_to("../more/deep")
    (folder / "self").symlink_to(".")
    (folder / "up").symlink_to("..")
    (folder / "z" / "back").symlink_to(folder)
    (tmp_path / "more" / "home").symlink_to(folder)
    (folder / "gone").symlink_to("nowhere")
    (folder / "same.txt").symlink_to("b.txt")
    (folder / "hard.txt").hardlink_to(folder / "b.txt")
    assert listed(folder) == ["b.txt", "more/deep/d.txt", "more/m.txt", "z/real.txt"]
    once, loops, broken = find_corpus(CorpusPaths([folder])).notes
    assert "read only once" in once
    assert "did not follow" in loops
    assert "gone" in broken
    twice = find_sources([folder, folder, folder / "b.txt"])
    assert len(twice) == 9  # what the user names again is read again


def test_a_pipe_in_a_folder_is_left_out_because_reading_it_may_wait_forever(tmp_path: Path) -> None:
    write_files(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to("pipe.txt")
    (source,) = (found := find_corpus(CorpusPaths([tmp_path]))).files.all
    assert source.path.name == "a.txt"
    (note,) = found.notes
    assert "link.txt" in note
    assert "pipe.txt" in note


def test_a_file_that_is_named_twice_is_read_twice_with_a_note(tmp_path: Path) -> None:
    write_files(tmp_path, "c/a.txt", "c/b.txt")
    (tmp_path / "link.txt").symlink_to("c/b.txt")
    for again in ("c", "c/b.txt", "link.txt"):
        found = find_corpus(CorpusPaths([tmp_path / "c", tmp_path / again]))
        assert len(found.files.all) > 2
        (note,) = found.notes
        assert note.startswith("read more than once")
        assert Path(again).name in note
    assert find_corpus(CorpusPaths([tmp_path / "c/a.txt", tmp_path / "c/b.txt"])).notes == ()


@pytest.mark.parametrize("piece", [1, 2, 1 << 20])
@pytest.mark.parametrize(
    ("files", "newline", "expected"),
    [
        (["LAST1", "dear\n", "x"], "lf", "LAST1\ndear\nx"),
        (["a\n", "b\r", "c"], "lf", "a\nb\nc"),
        (["a\r\nb", "c\r\nd", "e"], "keep", "a\r\nb\r\nc\r\nd\r\ne"),
        (["a", "b\r\nc"], "keep", "a\r\nb\r\nc"),
        (["a\rb", "c\r", "d"], "keep", "a\rb\rc\rd"),
        (["", "a", "", "b", ""], "lf", "a\nb"),
        (["a\u2028", "b"], "lf", "a\u2028\nb"),
        (["\ufeffa", "\ufeffb"], "lf", "a\nb"),
    ],
)
def test_a_newline_separates_files_where_the_first_ends_without_one(
    files: list[str], newline: str, expected: str, piece: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(decode, "PIECE_BYTES", piece)
    paths = [tmp_path / f"{at}.txt" for at in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_bytes(text.encode())
    # Whether a CRLF is ahead of the first newline shows only in a piece that has both.
    if piece == 1 << 20 or files[:2] != ["a", "b\r\nc"]:
        assert read_corpus(tmp_path, *paths, newline=newline) == expected


def test_files_in_other_encodings_and_forms_are_separated_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("か".encode("utf-16"))
    (tmp_path / "b.txt.xz").write_bytes(lzma.compress("\u3099き".encode()))
    paths = [tmp_path / "a.txt", tmp_path / "b.txt.xz"]
    assert read_corpus(tmp_path, *paths, normalize="nfc") == "か\n\u3099き"


def test_a_span_of_copied_does_not_run_from_one_file_into_the_next() -> None:
    files = corpus_of("one two LAST1", "", "dear reader\nsecond line")
    texts = ["LAST1dear", "dear reader", "second line"]
    across, first, second = find_copied(files, texts, least=8)
    assert (across.longest, across.spans) == (len("LAST1"), ())
    assert [(span.file, span.line) for span in first.spans] == [("3", 1)]
    assert [(span.file, span.line) for span in second.spans] == [("3", 2)]


def test_a_run_that_joined_its_files_without_a_newline_says_so(
    program: Program, tmp_path: Path
) -> None:
    first, second = TEXT.removesuffix("\n"), TEXT
    for name, text in (("joined", first + second), ("a", first), ("b", second)):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    charrnn.train(tmp_path / "joined.txt", CONFIG, out=tmp_path / "run")
    config = tmp_path / "run" / "config.toml"
    old = f'["{tmp_path}/a.txt", "{tmp_path}/b.txt"]'
    config.write_text(config.read_text().replace(f'["{tmp_path}/joined.txt"]', old))
    more = ("--resume", "--out", "run", "--steps", "80")
    failed(program("train", *more), 3, "a newline between two files", "joined.txt --resume")
    failed(program("inspect", "memory", "run"), 3, "a newline between two files")
    assert program("train", "joined.txt", *more).code == 0


def test_a_run_whose_folder_had_a_hidden_file_names_it(program: Program, tmp_path: Path) -> None:
    write_files(tmp_path, "c/a.txt", "c/.b.txt")
    (tmp_path / "c/a.txt").write_text(TEXT, encoding="utf-8")
    assert program("train", "c", "c/.b.txt", *QUICK).code == 0
    config = tmp_path / "run" / "config.toml"
    config.write_text(config.read_text().replace(f', "{tmp_path}/c/.b.txt"', ""))
    done = program("train", "--resume", "--out", "run", "--steps", "8", "-q")
    failed(done, 3, "no longer read: .b.txt; charrnn 0.1.0 also read the hidden files in folders")


ODD_NAMES = [b"\x83\x5c.txt", b"\xff\xfe %41.txt", "猫 \ud83d".encode("utf-8", "replace")]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_corpus_whose_name_is_not_utf8_is_found_again(
    name: bytes, program: Program, tmp_path: Path
) -> None:
    corpus, run = os.fsdecode(name), os.fsdecode(b"run\xe9")
    (tmp_path / corpus).write_text(TEXT, encoding="utf-8")
    done = program("train", corpus, *QUICK[:-1], run, "--json")
    assert done.code == 0, done.err
    assert all(map(json.loads, done.out.splitlines()))
    config = tmp_path / run / "config.toml"
    config.read_text(encoding="utf-8")
    assert program("train", "--resume", "--out", run, "--steps", "6").code == 0
    assert program("train", "--config", config, "--out", "again").code == 0
    begun = program("train", "--init-from", run, corpus, "--steps", "4", "--out", "begun")
    assert begun.code == 0, begun.err
    assert program("train", "--config", tmp_path / "begun/config.toml", "--out", "c").code == 0
    for report in (["copied", corpus], ["memory"], ["neurons"], ["gradients"]):
        done = program("inspect", *report, run)
        assert done.code == 0, done.err


@pytest.mark.parametrize("path", ["/tmp/a b.txt", "/tmp/%41.txt", "/tmp/猫", "-", "file.txt"])
def test_a_path_in_utf8_is_written_as_it_is(path: str) -> None:
    assert path_to_text(Path(path)) == path
    assert text_to_path(path) == Path(path)


def test_a_file_uri_is_a_path_and_another_url_is_shown_as_it_was_typed(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "a b.txt").write_text(TEXT, encoding="utf-8")
    assert program("train", f"file://{tmp_path}/a%20b.txt", *QUICK).code == 0
    url = "https://example.org/a//b.txt?x=1&y=2"
    for args in (
        ["train", url], ["inspect", "score", url, "run"], ["sample", url],
        ["sample", "run", "--prime-file", url], ["inspect", "memory", "run", "--text-file", url],
        ["inspect", "copied", "a b.txt", "run", "--corpus", url],
        ["train", "a b.txt", "--config", url],
    ):  # fmt: skip
        failed(program(*args), 3, f"charrnn: {url}: is a URL", f"curl -fsSL '{url}' > FILE")
    config = (tmp_path / "run/config.toml").as_uri()
    assert program("train", "--config", config, "--steps", "2", "--out", "run-2").code == 0
    for option in ("--html", "--plot"):
        failed(program("inspect", "loss", "run", option, url), 3, f"charrnn: {url}: is a URL")
    page = tmp_path / "a page.html"
    assert program("inspect", "loss", "run", "--html", page.as_uri()).code == 0
    assert page.is_file()
    failed(program("train", "s3://bucket/a.txt"), 3, "s3://bucket/a.txt: is a URL")
    with pytest.raises(InputError, match=r"https://example\.org/: is a URL"):
        charrnn.train("https://example.org/")


@pytest.mark.parametrize("kind", COMPRESS)
def test_compressed_files_are_read_by_their_content(
    kind: str, program: Program, tmp_path: Path
) -> None:
    data = COMPRESS[kind](TEXT.encode())
    for name in (f"a.txt.{kind}", "a.txt", "a"):
        (tmp_path / name).write_bytes(data)
        assert read_file(tmp_path / name, Normalization()) == TEXT
    (tmp_path / "a.txt").write_bytes(data + COMPRESS[kind](b"more") + bytes(8))
    assert read_file(tmp_path / "a.txt", Normalization()) == TEXT + "more"
    assert program("train", "-", *QUICK, stdin=data).code == 0
    scored = program("inspect", "score", "-", "run", "--json", stdin=data)
    assert json.loads(scored.out)["characters"] == len(TEXT) - 1
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / f"a.txt.{kind}").write_bytes(data)
    assert listed(tmp_path / "c") == [f"a.txt.{kind}"]
    assert program("train", f"a.txt.{kind}", *QUICK[:-2]).out.count("runs/a\n")


@pytest.mark.parametrize("kind", COMPRESS)
def test_damaged_compressed_files_are_refused(kind: str, tmp_path: Path) -> None:
    data = COMPRESS[kind](np.random.default_rng(0).integers(97, 123, 9000, np.uint8).tobytes())
    middle = data[: len(data) // 2] + bytes(50) + data[len(data) // 2 + 50 :]
    for damaged in (data[:-3], data[: len(data) // 2], middle, data + b"garbage", data + data[:40]):
        (tmp_path / "a.txt").write_bytes(damaged)
        with pytest.raises(InputError, match=r"a\.txt: damaged (gzip|bzip2|xz) file"):
            read_file(tmp_path / "a.txt", Normalization())
    (tmp_path / f"a.{kind}").write_bytes(b"plain text")
    with pytest.raises(InputError, match="damaged"):
        find_sources([tmp_path / f"a.{kind}"])


def zipped(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return file.getvalue()


NO_TEXTS = {
    "PDF": (b"%PDF-1.4\n%abc\n1 0 obj\n", "is a PDF", "pdftotext 'a file' - | charrnn train -"),
    "PDF after newlines": (b"\n\n%PDF-2.0\n%abc\n1 0 obj\n", "is a PDF", "pdftotext"),
    "PDF after a line": (b"\r\nabc\0\n%PDF-1.4\n%abc\n1 0 obj\n", "is a PDF", "pdftotext"),
    "Word": (zipped(word__document_xml="<w/>"), "Word document", "pandoc -f docx"),
    "old Word": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "Office", "catdoc 'a file' |"),
    "OpenDocument": (zipped(mimetype="application/vnd.oasis.opendocument.text"), "odt", "-f odt"),
    "EPUB": (zipped(mimetype="application/epub+zip"), "e-book", "pandoc -f epub"),
    "Excel": (zipped(xl__workbook_xml="<w/>"), "spreadsheet", "CSV"),
    "zip": (zipped(a_txt="text"), "zip archive", "unzip 'a file' -d"),
    "tar": (tarred(), "tar archive", "tar -xf 'a file'"),
    "tar.gz": (gzip.compress(tarred()), "tar archive", "tar -xf 'a file'"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "7z archive", "7z x"),
    "rar": (b"Rar!\x1a\x07\x01\0" + bytes(30), "rar archive", "unar"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(30), "an image", "tesseract"),
    "JPEG": (b"\xff\xd8\xff\xe0" + bytes(30), "an image", "tesseract"),
    "MP3": (b"ID3\x03" + bytes(30), "audio or video", "no text"),
    "SQLite": (b"SQLite format 3\0" + bytes(30), "SQLite", "sqlite3 'a file' .dump |"),
    "program": (b"\x7fELF\2\1\1" + bytes(30), "program", "name a text"),
    "Kindle": (bytes(60) + b"BOOKMOBI", "e-book", "ebook-convert"),
    "twice": (gzip.compress(gzip.compress(b"text")), "compressed twice", "decompress"),
    "PDF in xz": (lzma.compress(b"%PDF-1.7\n"), "is a PDF, compressed", "xz -dc 'a file' >"),
}


@pytest.mark.parametrize("kind", NO_TEXTS)
def test_a_file_that_is_no_text_is_recognized_with_what_to_do(kind: str, tmp_path: Path) -> None:
    content, what, advice = NO_TEXTS[kind]
    path = tmp_path / "a file"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what) as caught:
        find_corpus(CorpusPaths([path]))
    assert advice.replace("'a file'", f"'{path}'") in str(caught.value)
    with pytest.raises(InputError, match=what) as caught:
        find_sources([path])
    assert "charrnn train" not in str(caught.value)


def test_who_does_not_train_is_told_how_to_get_the_text(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(NO_TEXTS["Word"][0])
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    assert program("train", "text.txt", *QUICK).code == 0
    for args in (
        ["inspect", "score", "a.docx", "run"], ["inspect", "copied", "a.docx", "run"],
        ["sample", "run", "--prime-file", "a.docx"],
        ["inspect", "memory", "run", "--text-file", "a.docx"],
    ):  # fmt: skip
        failed(program(*args), 3, "to get its text, run: pandoc", "a.docx > TEXT.txt")


def test_a_model_is_no_text(run_folder: Path, tmp_path: Path) -> None:
    save(load(run_folder / "best.npz"), tmp_path / "a.txt")
    with pytest.raises(InputError, match="is a model"):
        find_sources([tmp_path / "a.txt"])


MARKUP = {
    "HTML": "<!DOCTYPE html>\n<html><p>日本</p></html>\n",
    "HTML after a comment": "<!-- saved -->\n<HTML lang=ja><p>日本</p></HTML>\n",
    "HTML without a head": "<!-- saved -->\n<meta charset=utf-8><title>x</title>\n<p>日本\n",
    "HTML of a part": "<div>\n<p>日本</p></div>\n",
    "XML without a declaration": '<svg xmlns="x"><text>日本</text></svg>\n',
    "XML": '<?xml version="1.0"?>\n<text>日本</text>\n',
    "RTF": "{\\rtf1\\ansi text}\n",
    "RTF after a newline": "\n{\\rtf1\\ansi text}\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932"])
@pytest.mark.parametrize("kind", MARKUP)
def test_markup_is_learned_with_a_note(kind: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(MARKUP[kind].encode(encoding))
    found = find_corpus(CorpusPaths([tmp_path / "a.txt"]))
    if not kind.startswith("RTF") or encoding in ("utf-8", "cp932"):
        (note,) = found.notes
        assert kind.split()[0] in note
        assert "charrnn train -" in note


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n<b>bold</b>\n", "\\documentclass{article}\n", "import os\n", "a,b\n1,2\n",
        "BM is a name\n" * 9, "MZ-700\n" * 9, "PK and others\n", "]\n", "II. Act\n", "a < b > c\n",
        "{\\bf x}\n", "%PDF is a sign\n", "See\n%PDF-1.4\nwhich begins a PDF\n", "<page> one\n",
        "Rar! said he\n", "ID3\n", "GIF\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_texts_are_not_mistaken_for_other_files(text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert find_corpus(CorpusPaths([tmp_path / "a.txt"])).notes == ()

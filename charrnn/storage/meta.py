"""What stands in a model file beside its arrays: a JSON document, written and read back.

Reading believes nothing: each value is of the kind and in the range that it has to be, or a
ValueError or KeyError names it. Not here: the arrays (checkpoint.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from charrnn.config import AUTO, Settings
from charrnn.ngram import Baselines
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.decode import codec
from charrnn.text.rules import Rules
from charrnn.text.vocab import Vocabulary

FORMAT = 1
NESTED_AT_MOST = 1_000_000  # lists and objects in it, an evaluation being one
EVALUATED = ("step", "epoch", "train_loss", "val_loss", "lr")  # that a model keeps of evaluations
NUMBERS, LARGEST, LARGEST_NUMBER = (int, float), 2**53, 1e300


def described(
    config: Settings,
    corpus_info: CorpusInfo,
    step: int,
    history: Sequence[Mapping[str, Any]],
    baselines: Baselines | None,
) -> dict[str, Any]:
    """The document of a model."""
    return {
        "format": FORMAT,
        "config": asdict(config),
        "vocabulary": corpus_info.vocabulary.characters,
        "unknown": corpus_info.vocabulary.unknown is not None,
        "corpus": {
            "sha256": corpus_info.sha256,
            "encoding": corpus_info.encoding,
            "files": corpus_info.files,
            "characters": corpus_info.characters,
            "counts": corpus_info.vocabulary.counts,
        },
        "step": step,
        "history": history,
        "baselines": None if baselines is None else asdict(baselines),
    }


def written(meta: Mapping[str, Any]) -> bytes:
    """The document as bytes."""
    return json.dumps(meta, ensure_ascii=False, allow_nan=False).encode()


def read(found: bytes) -> dict[str, Any]:
    """The document that the bytes ``found`` are, of this format."""
    if found.count(b"[") + found.count(b"{") > NESTED_AT_MOST:
        raise ValueError("meta has too many parts")
    try:
        meta = json.loads(found.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ValueError("meta is no JSON of a model") from None
    if not isinstance(meta, dict):
        raise ValueError("meta is no JSON of a model")
    version = meta["format"]
    if type(version) is not int or version != FORMAT:
        raise ValueError(f"format {str(version)[:20]!r}, where this version reads {FORMAT}")
    return meta


def missing(error: KeyError) -> str:
    """What it is; of ours the sentence, of a dictionary's the name."""
    missing = str(error.args[0])
    return missing if " " in missing else f"meta has no {missing}"


def settings(config: dict[str, Any]) -> Settings:
    """What a model was trained with."""
    if not isinstance(config, dict):
        raise ValueError("its config is no table of settings")
    known = {field.name for field in fields(Settings)}
    if unknown := ", ".join(sorted(config.keys() - known)):
        raise ValueError(f"its config has {unknown[:40]}, which no setting is")
    made = Settings(**config)
    if made.encoding not in (AUTO, codec(made.encoding)):
        raise ValueError(f"its encoding is {made.encoding[:20]!r}")
    return made


def corpus_info(meta: dict[str, Any], rules: Rules) -> CorpusInfo:
    """What a model remembers of its corpus."""
    corpus, characters = meta["corpus"], meta["vocabulary"]
    counts, unknown = corpus["counts"], meta["unknown"]
    if not isinstance(characters, str) or type(unknown) is not bool:
        raise ValueError("its vocabulary is no text")
    characters.encode()  # half of a surrogate pair is no character
    if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
        raise ValueError("the counts of its vocabulary are no numbers")
    if not 0 < len(set(characters)) == len(characters) == len(counts) - unknown:
        raise ValueError("its vocabulary and the counts of its characters do not agree")
    if sum(counts) != whole(corpus, "characters"):
        raise ValueError("the counts of its vocabulary do not add up to its corpus")
    for part in (corpus["encoding"], corpus["sha256"], *corpus["files"]):
        if not isinstance(part, str):
            raise ValueError("what it says about its corpus is no text")
        part.encode()
    return CorpusInfo(
        files=tuple(corpus["files"]),
        characters=whole(corpus, "characters"),
        vocabulary=Vocabulary(characters, tuple(counts), unknown=unknown),
        encoding=corpus["encoding"],
        rules=rules,
        sha256=corpus["sha256"],
    )


def history(evaluations: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """What each evaluation found."""
    for one in evaluations:
        if set(one) != set(EVALUATED):
            raise ValueError("its history has other parts than evaluations")
        whole(one, "step")
        for name in one.keys() - {"step"}:
            if name != "val_loss" or one[name] is not None:
                number(one, name)
    return tuple(evaluations)


def baselines(compared: dict[str, Any] | None) -> Baselines | None:
    """What models without a memory reached, if there was a validation part."""
    if compared is None:
        return None
    names = {field.name for field in fields(Baselines)}
    if compared.keys() != names:
        raise ValueError("its baselines are none")
    return Baselines(
        number(compared, "unigram"), number(compared, "ngram"), whole(compared, "ngram_order"),
        whole(compared, "characters"), whole(compared, "unseen"),
    )  # fmt: skip


def whole(values: Mapping[Any, Any], name: object) -> int:
    """A number that counts something."""
    value = values[name]
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError(f"its {name} is {str(value)[:20]!r}, no whole number")
    return value


def number(values: Mapping[Any, Any], name: object) -> float:
    """Any finite number."""
    value = values[name]
    if type(value) not in NUMBERS or not abs(value) <= LARGEST_NUMBER:
        raise ValueError(f"its {name} is {str(value)[:20]!r}, no number")
    return float(value)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} stands in its JSON")

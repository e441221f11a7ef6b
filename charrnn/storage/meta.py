"""The JSON document of a model file, which describes the arrays beside it: written and read back.

Reading trusts nothing: a value of the wrong type or outside its range is a ValueError that names
it, a missing one a KeyError. Not here: the arrays (model_file.py).

Versions: a field that is added later is optional on reading, and a setting that is missing means
what was done before the setting existed (its default in `Settings`). `FORMAT` is raised only for a
file that an older version could not read, or would misunderstand.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from charrnn.config import AUTO, Settings, parse_settings
from charrnn.language import gettext as _
from charrnn.ngram import Baselines
from charrnn.setting_types import LARGEST_NUMBER, LARGEST_WHOLE
from charrnn.text.corpus_info import CorpusInfo, TextInfo
from charrnn.text.decode import find_codec
from charrnn.text.normalization import Normalization
from charrnn.text.vocab import Vocabulary
from charrnn.training.events import GradientProfile, UpdateRatio

FORMAT, FORMAT_WITHOUT_OWN_TEXTS = 3, 2
READABLE_FORMATS = (1, 2, FORMAT)
MAX_CONTAINERS = 1_000_000
"""The most lists and objects that a document may have; each evaluation is an object."""
EVALUATION_KEYS = ("step", "epoch", "train_loss", "val_loss", "lr")  # in the history
LATER_EVALUATION_KEYS = (
    "grad_norm",
    "grad_norm_max",
    "clipped",
    "update_ratio",
    "gradient_profile",
)
"""Keys of the history that files of version 0.1.0 do not have."""
NUMBER_TYPES = (int, float)


class NewerFormatError(Exception):
    """The document has a format that this version does not know yet."""


def describe_model(
    config: Settings,
    corpus_info: CorpusInfo,
    step: int,
    history: Sequence[Mapping[str, Any]],
    baselines: Baselines | None,
) -> dict[str, Any]:
    """Return the document of a model, as JSON's types."""
    return {
        "format": FORMAT if corpus_info.own_texts else FORMAT_WITHOUT_OWN_TEXTS,
        "config": asdict(config),
        "vocabulary": corpus_info.vocabulary.characters,
        "unknown": corpus_info.vocabulary.unknown is not None,
        "corpus": {
            "sha256": corpus_info.sha256,
            "encoding": corpus_info.encoding,
            "files": corpus_info.files,
            "characters": corpus_info.characters,
            "counts": corpus_info.vocabulary.counts,
            **{name: asdict(text) for name, text in corpus_info.own_texts.items()},
        },
        "step": step,
        "history": history,
        "baselines": None if baselines is None else asdict(baselines),
    }


def encode_document(document: Mapping[str, Any]) -> bytes:
    """Return the document as bytes: JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def decode_document(content: bytes) -> dict[str, Any]:
    """Return the document in the bytes ``content``.

    Raises:
        NewerFormatError: when a newer version wrote it.
        ValueError, KeyError: when it is damaged.
    """
    # The parser would need much memory, or a deep stack, for a hostile document.
    if content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
        raise ValueError(_("meta has too many parts"))
    try:
        document = parse_object(content)
    except ValueError:
        raise ValueError(_("meta is not a valid JSON object")) from None
    version = document["format"]
    if type(version) is int and version > FORMAT:
        raise NewerFormatError(version)
    if type(version) is not int or version not in READABLE_FORMATS:
        raise ValueError(_("its format {version!r} is unknown").format(version=str(version)[:20]))
    return document


def parse_object(content: bytes) -> dict[str, Any]:
    """Parse a JSON object in UTF-8; NaN and Infinity are refused.

    Raises:
        ValueError: saying why it is not one.
    """
    try:
        value = json.loads(content.decode(), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None
    except ValueError as error:
        if "set_int_max_str_digits" in str(error):  # Python's advice to programmers
            raise ValueError(_("it has a number with too many digits")) from None
        raise
    if not isinstance(value, dict):
        raise ValueError(_("it is not a JSON object"))
    return value


def read_settings(config: dict[str, Any]) -> Settings:
    """Return the settings that a model was trained with."""
    if not isinstance(config, dict):
        raise ValueError(_("its config is not a table of settings"))
    settings = parse_settings(config)
    if settings.encoding != AUTO and find_codec(settings.encoding) != settings.encoding:
        problem = _("its encoding {name!r} is unknown").format(name=settings.encoding[:20])
        raise ValueError(problem)
    if missing := ", ".join(settings.unresolved):
        raise ValueError(_("its config does not set {names}").format(names=missing))
    return settings


def read_corpus_info(
    document: dict[str, Any], normalization: Normalization, shuffle: str | None
) -> CorpusInfo:
    """Return the description of a model's corpus."""
    corpus, characters = document["corpus"], document["vocabulary"]
    counts, unknown = corpus["counts"], document["unknown"]
    if not isinstance(characters, str) or type(unknown) is not bool:
        raise ValueError(_("its vocabulary is not a text"))
    characters.encode()  # refuses half a surrogate pair, which JSON can write
    if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
        raise ValueError(_("the counts of its vocabulary are not whole numbers"))
    if not 0 < len(set(characters)) == len(characters) == len(counts) - unknown:
        raise ValueError(_("its vocabulary and the counts of its characters do not agree"))
    if sum(counts) != read_count(corpus, "characters"):
        raise ValueError(_("the counts of its vocabulary do not add up to its corpus"))
    check_texts(corpus["encoding"], corpus["sha256"], *corpus["files"])
    return CorpusInfo(
        files=tuple(corpus["files"]),
        characters=read_count(corpus, "characters"),
        vocabulary=Vocabulary(characters, tuple(counts), unknown=unknown),
        encoding=corpus["encoding"],
        normalization=normalization,
        sha256=corpus["sha256"],
        shuffle=shuffle,
        val_file=read_own_text(corpus, "val_file"),
        test_file=read_own_text(corpus, "test_file"),
    )


def read_own_text(corpus: dict[str, Any], name: str) -> TextInfo | None:
    """Return the description of the text ``name``, None if the model has none."""
    if name not in corpus:
        return None
    text = corpus[name]
    if not isinstance(text, dict) or not isinstance(text["files"], list):
        raise ValueError(_("the description of its {name} is incomplete").format(name=name))
    check_texts(text["sha256"], *text["files"])
    return TextInfo(tuple(text["files"]), read_count(text, "characters"), text["sha256"])


def check_texts(*parts: object) -> None:
    """Check that all parts of a description are texts.

    Raises:
        ValueError: when one is not, or cannot be written in UTF-8.
    """
    for part in parts:
        if not isinstance(part, str):
            raise ValueError(_("the description of its corpus has a value that is not a text"))
        part.encode()


def read_history(evaluations: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the results of each evaluation."""
    for evaluation in evaluations:
        if set(evaluation) - set(LATER_EVALUATION_KEYS) != set(EVALUATION_KEYS):
            raise ValueError(_("its history has an entry that is not an evaluation"))
        check_evaluation(evaluation)
    return tuple(evaluations)


def check_evaluation(evaluation: Mapping[str, Any]) -> None:
    """Check the values of an evaluation, as it is in the history or in a line of the log.

    Raises:
        ValueError: naming a value that is wrong.
    """
    for name, value in evaluation.items():
        if name == "step":
            read_count(evaluation, name)
        elif value is None and name in ("val_loss", *LATER_EVALUATION_KEYS):
            continue
        elif name == "update_ratio":
            read_update_ratio(value)
        elif name == "gradient_profile":
            read_gradient_profile(value)
        else:
            read_number(evaluation, name)


def read_update_ratio(value: Any) -> UpdateRatio:
    """Read the ratios of an update.

    Raises:
        ValueError: when they are not complete.
    """
    if not isinstance(value, dict) or set(value) != {"input", "recurrent", "output"}:
        raise ValueError(_("its update_ratio is incomplete"))

    def read_layers(numbers: Any) -> tuple[float | None, ...]:
        if not isinstance(numbers, list | tuple):
            raise ValueError(_("its update_ratio has no list of layers"))
        by_layer = dict(enumerate(numbers))
        return tuple(
            None if by_layer[layer] is None else read_number(by_layer, layer) for layer in by_layer
        )

    (output,) = read_layers([value["output"]])
    return UpdateRatio(read_layers(value["input"]), read_layers(value["recurrent"]), output)


def read_gradient_profile(value: Any) -> GradientProfile:
    """Read how far back the gradient reached.

    Raises:
        ValueError: when it is not complete.
    """
    if not isinstance(value, dict) or set(value) != {"lags", "medians"}:
        raise ValueError(_("its gradient_profile is incomplete"))
    lags, medians = value["lags"], value["medians"]
    if not isinstance(lags, list | tuple) or not isinstance(medians, dict):
        raise ValueError(_("its gradient_profile has a value of the wrong type"))
    for numbers in medians.values():
        if not isinstance(numbers, list | tuple) or len(numbers) != len(lags):
            raise ValueError(_("its gradient_profile does not have a number for each lag"))
    by_lag = dict(enumerate(lags))
    return GradientProfile(
        lags=tuple(read_count(by_lag, index) for index in by_lag),
        medians={
            name: tuple(read_number(dict(enumerate(row)), index) for index in by_lag)
            for name, row in medians.items()
        },
    )


def read_baselines(baselines: dict[str, Any] | None) -> Baselines | None:
    """Return the losses of the unigram and n-gram models; None without a validation part."""
    if baselines is None:
        return None
    if baselines.keys() != {field.name for field in fields(Baselines)}:
        raise ValueError(_("its baselines are incomplete"))
    return Baselines(
        unigram=read_number(baselines, "unigram"),
        ngram=read_number(baselines, "ngram"),
        ngram_order=read_count(baselines, "ngram_order"),
        characters=read_count(baselines, "characters"),
        unseen=read_count(baselines, "unseen"),
    )


def read_count(values: Mapping[Any, Any], name: object) -> int:
    """Return the whole number ``values[name]``, not negative."""
    value = values[name]
    if type(value) is not int or not 0 <= value <= LARGEST_WHOLE:
        problem = _("its {name} is {value!r}, which is not a whole number")
        raise ValueError(problem.format(name=name, value=str(value)[:20]))
    return value


def read_number(values: Mapping[Any, Any], name: object) -> float:
    """Return the finite number ``values[name]``."""
    value = values[name]
    if type(value) not in NUMBER_TYPES or not abs(value) <= LARGEST_NUMBER:
        problem = _("its {name} is {value!r}, which is not a finite number")
        raise ValueError(problem.format(name=name, value=str(value)[:20]))
    return float(value)


def _refuse_constant(constant: str) -> None:
    """Refuse NaN and Infinity, which JSON does not have and Python's parser takes."""
    raise ValueError(_("{constant} is not valid JSON").format(constant=constant))

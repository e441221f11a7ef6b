"""What a model is."""

from collections.abc import Sequence

from charrnn.language import gettext as _
from charrnn.ngram import Baselines
from charrnn.render.blocks import Facts, Section
from charrnn.render.words import (
    advise,
    describe_baselines,
    describe_loss,
    describe_vocabulary,
    join_words,
    list_files,
    name_units,
)
from charrnn.reports.summary import CorpusSummary, Summary


def build_section(report: Summary, *, fingerprint: bool = True) -> Section:
    """Show everything about one model, with the ``fingerprint`` of its corpus if asked to."""
    baselines = report.baselines
    size = _("{cell}, {layers} × {hidden} units").format(
        cell=report.cell, layers=report.layers, hidden=report.hidden
    )
    rows = [
        (_("model"), report.model),
        (_("cell"), size),
        (_("parameters"), f"{report.parameters:,}"),
        *((_indent(_(part)), f"{size:,}") for part, size in report.parts.items()),
        *_corpus_rows(report.corpus, baselines),
        *([(_indent(_("fingerprint")), f"sha256 {report.corpus.sha256}")] if fingerprint else []),
        *_training_rows(report),
    ]
    if baselines:
        rows.append((_indent(_("to beat")), describe_baselines(baselines)))
    advice = advise(report.training.val_loss, baselines)
    if advice and not report.diverged:
        rows.append(("", advice))
    return Section(_("The model"), [Facts(rows)])


def build_fingerprints(reports: Sequence[Summary]) -> Section:
    """Show the fingerprint of each corpus: two models have the same if they learned from one."""
    by_fingerprint = dict[str, list[str]]()
    for report in reports:
        by_fingerprint.setdefault(report.corpus.sha256, []).append(report.model)
    rows = [
        row
        for sha256, models in by_fingerprint.items()
        for row in ((_("model"), join_words(models)), (_("fingerprint"), f"sha256 {sha256}"))
    ]
    return Section(_("Fingerprint of the corpus"), [Facts(rows)])


def _corpus_rows(corpus: CorpusSummary, baselines: Baselines | None) -> list[tuple[str, str]]:
    own_texts = (_("validated on"), corpus.val_file), (_("tested on"), corpus.test_file)
    split = _(
        "{characters:,}: {training:,} for training, {validation:,} for validation, {test:,} for"
        " testing"
    ).format(
        characters=corpus.characters, training=corpus.training_characters,
        validation=corpus.validation_characters, test=corpus.test_characters,
    )  # fmt: skip
    encoding = _("{encoding}, newlines {newline}, normalization {normalization}").format(
        encoding=corpus.encoding, newline=corpus.newline, normalization=corpus.normalize
    )
    return [
        (_("corpus"), list_files(corpus.files)),
        *_shuffle_row(corpus.shuffle),
        *((_indent(use), list_files(text.files)) for use, text in own_texts if text),
        (_indent(_("characters")), split),
        (_indent(_("vocabulary")), describe_vocabulary(corpus.distinct, baselines)),
        (_indent(_("encoding")), encoding),
    ]


def _shuffle_row(shuffle: str | None) -> list[tuple[str, str]]:
    if shuffle is None:
        return []
    return [(_indent(_("shuffled")), _("by {units}").format(units=name_units(shuffle)))]


def _training_rows(report: Summary) -> list[tuple[str, str]]:
    training = report.training
    progress = _("step {step:,}, epoch {epoch:z.2f}, seed {seed}").format(**vars(training))
    settings = [
        _("batch {batch}, window {seq}, learning rate {lr:g}"),
        _("dropout {dropout:g}, dropout of recurrent weights {recurrent_dropout:g}"),
        _("temporal regularization {temporal_regularization:g}"),
    ]
    labels = _indent(_("settings")), "", ""
    return [
        (_("training"), progress),
        *_divergence_row(report),
        *(
            (label, line.format(**vars(training)))
            for label, line in zip(labels, settings, strict=True)
        ),
        (_indent(_("train loss")), describe_loss(training.train_loss)),
        (_indent(_("val loss")), describe_loss(training.val_loss)),
    ]


def _divergence_row(report: Summary) -> list[tuple[str, str]]:
    if report.diverged is None:
        return []
    ending = _("the training diverged at step {step:,}").format(step=report.diverged.step)
    return [(_indent(_("ended")), ending)]


def _indent(label: str) -> str:
    return f"  {label}"

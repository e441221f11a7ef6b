"""What a model is."""

from collections.abc import Sequence

from charrnn.render.blocks import Facts, Section
from charrnn.render.words import (
    advise,
    describe_baselines,
    describe_loss,
    describe_vocabulary,
    list_files,
)
from charrnn.reports.summary import Summary


def build_section(report: Summary, *, fingerprint: bool = True) -> Section:
    """Show everything about one model, with the ``fingerprint`` of its corpus if asked to."""
    corpus, training, baselines = report.corpus, report.training, report.baselines
    split = (
        f"{corpus.training_characters:,} for training, {corpus.validation_characters:,} for"
        f" validation, {corpus.test_characters:,} for testing"
    )
    encoding = f"{corpus.encoding}, newlines {corpus.newline}, normalization {corpus.normalize}"
    settings = f"batch {training.batch}, window {training.seq}, learning rate {training.lr:g}"
    recurrent_dropout = f"dropout of recurrent weights {training.recurrent_dropout:g}"
    rows = [
        ("model", report.model),
        ("cell", f"{report.cell}, {report.layers} × {report.hidden} units"),
        ("parameters", f"{report.parameters:,}"),
        *((f"  {part}", f"{size:,}") for part, size in report.parts.items()),
        ("corpus", list_files(corpus.files)),
        *([("  shuffled", f"by {corpus.shuffle}")] if corpus.shuffle else []),
        *([("  validated on", list_files(corpus.val_file.files))] if corpus.val_file else []),
        *([("  tested on", list_files(corpus.test_file.files))] if corpus.test_file else []),
        ("  characters", f"{corpus.characters:,}: {split}"),
        ("  vocabulary", describe_vocabulary(corpus.distinct, baselines)),
        ("  encoding", encoding),
        *([("  fingerprint", f"sha256 {corpus.sha256}")] if fingerprint else []),
        ("training", f"step {training.step:,}, epoch {training.epoch:z.2f}, seed {training.seed}"),
        *_divergence_row(report),
        ("  settings", settings),
        ("", f"dropout {training.dropout:g}, {recurrent_dropout}"),
        ("", f"temporal regularization {training.temporal_regularization:g}"),
        ("  train loss", describe_loss(training.train_loss)),
        ("  val loss", describe_loss(training.val_loss)),
    ]
    if baselines:
        rows.append(("  to beat", describe_baselines(baselines)))
    advice = advise(training.val_loss, baselines)
    if advice and not report.diverged:
        rows.append(("", advice))
    return Section("The model", [Facts(rows)])


def build_fingerprints(reports: Sequence[Summary]) -> Section:
    """Show the fingerprint of each corpus: two models have the same if they learned from one."""
    by_fingerprint = dict[str, list[str]]()
    for report in reports:
        by_fingerprint.setdefault(report.corpus.sha256, []).append(report.model)
    rows = [(", ".join(models), f"sha256 {sha256}") for sha256, models in by_fingerprint.items()]
    return Section("Fingerprint of the corpus", [Facts(rows)])


def _divergence_row(report: Summary) -> list[tuple[str, str]]:
    if report.diverged is None:
        return []
    return [("  ended", f"the training diverged at step {report.diverged.step:,}")]

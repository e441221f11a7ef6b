"""What a model is, and what it knows."""

from charrnn.render.blocks import Facts, Section, Table
from charrnn.render.words import baselines, known, list_files, loss, sign, worse
from charrnn.reports.summary import Summary
from charrnn.reports.vocab import Characters
from charrnn.text.vocab import REPLACEMENT


def summary(report: Summary) -> Section:
    """Everything about one model."""
    corpus, training, found = report.corpus, report.training, report.baselines
    rows = {
        "model": report.model,
        "cell": f"{report.cell}, {report.layers} × {report.hidden} units",
        "parameters": f"{report.parameters:,}",
        **{f"  {part}": f"{size:,}" for part, size in report.parts.items()},
        "corpus": list_files(corpus.files),
        "  characters": f"{corpus.characters:,}: {corpus.training_characters:,} train,"
        f" {corpus.validation_characters:,} validate, {corpus.test_characters:,} test",
        "  vocabulary": known(corpus.distinct, found),
        "  encoding": f"{corpus.encoding}, newlines {corpus.newline}, normalization"
        f" {corpus.normalize}",
        "  fingerprint": f"sha256 {corpus.sha256}",
        "training": f"step {training.step:,}, epoch {training.epoch:.2f}, seed {training.seed}",
        "  settings": f"{training.batch} streams × {training.seq} characters, learning rate"
        f" {training.lr:g}",
        "": f"dropout {training.dropout:g}, of recurrent weights {training.recurrent_dropout:g}",
        "  train loss": loss(training.train_loss),
        "  val loss": loss(training.val_loss),
    }
    beside = [("  to beat", baselines(found))] if found else []
    return Section("The model", [Facts([*rows.items(), *beside, *worse(training.val_loss, found)])])


def vocab(report: Characters) -> Section:
    """One row a character."""
    total = sum(row.count for row in report.characters)
    rows = [
        (
            sign(row.character or REPLACEMENT), row.code_point, f"{row.count:,}",
            f"{row.count / total:.3%}", row.name,
        )
        for row in report.characters
    ]  # fmt: skip
    title = f"{report.model}: {report.distinct:,} characters"
    head = ("character", "code point", "count", "share", "name")
    return Section("The alphabet", [Table(head, rows, "23", title=title)])

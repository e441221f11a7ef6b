"""How the models of a report that compares several are told apart."""

from collections.abc import Sequence

from charrnn.reports.loaded_model import ModelFacts


def name_model(report: ModelFacts, reports: Sequence[ModelFacts]) -> str:
    """Return the cell of a report's model where it differs in every report, else its path."""
    models = {other.model: other.cell for other in reports}
    return report.cell if len(set(models.values())) == len(models) else report.model

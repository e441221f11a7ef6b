"""What ``pytest --no-skips`` does: a test that does not run makes pytest fail.

A skipped test promises nothing, and nobody notices. Continuous integration installs all that the
tests need, so there a skip is a mistake.
"""

from collections.abc import Generator, Sequence
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# The beginning of the id of a test that may be skipped all the same, and why it cannot run.
ALLOWED: dict[str, str] = {}


class NoSkips:
    """A plugin of pytest that turns skipped tests into failed ones."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail a test that skips itself or is marked as skipped."""
        return fail_if_skipped((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Fail a file that skips itself as a whole."""
        return fail_if_skipped((yield))

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Refuse -k, -m and --deselect."""
        if items:
            raise pytest.UsageError(f"--no-skips: {items[0].nodeid} is deselected")


def fail_if_skipped(report: Report) -> Report:
    """Change the outcome in ``report`` from skipped to failed, unless the skip is allowed."""
    expected_failure = hasattr(report, "wasxfail")  # pytest reports it as skipped
    if report.skipped and not expected_failure and not report.nodeid.startswith(tuple(ALLOWED)):
        assert isinstance(report.longrepr, tuple)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} has to run because of --no-skips. {report.longrepr[2]}"
    return report

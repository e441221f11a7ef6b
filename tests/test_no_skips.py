"""Under ``--no-skips`` a test that does not run fails, and is named."""

import pytest

from tests import no_skips

pytest_plugins = ["pytester"]

TESTS = {
    "test_file": "import pytest; pytest.importorskip('not_there')",
    "test_mark": "import pytest\n@pytest.mark.skipif(True, reason='a mark')\ndef test(): pass",
    "test_call": "import pytest\ndef test(): pytest.skip('a call')",
    "test_none": "import pytest\n@pytest.mark.parametrize('x', [])\ndef test(x): pass",
}


@pytest.mark.parametrize("name", TESTS)
def test_a_skipped_test_fails(name: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(**{name: TESTS[name]})
    result = pytester.inline_run(plugins=[no_skips.NoSkips()])
    assert result.ret != 0
    [failed] = [report for report in result.getfailures() if report.failed]
    assert str(failed.longrepr).startswith(f"{name}.py")


def test_a_skip_in_the_list_and_an_expected_failure_are_fine(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(no_skips.ALLOWED, "test_mark.py::test", "tried here")
    expected = "import pytest\n@pytest.mark.xfail\ndef test(): assert False"
    pytester.makepyfile(test_mark=TESTS["test_mark"], test_expected=expected)
    assert pytester.inline_run(plugins=[no_skips.NoSkips()]).ret == 0


def test_a_deselected_test_is_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_two="def test_a(): pass\ndef test_b(): pass")
    result = pytester.inline_run("-k", "test_a", plugins=[no_skips.NoSkips()])
    assert result.ret == pytest.ExitCode.USAGE_ERROR

"""The error about a wrong use of the command line, with problem and advice kept apart."""

import click


class UsageError(click.UsageError):
    """A ``problem`` with the command line of ``ctx``, and ``advice``; "" refers to --help.

    ``thing`` is the option or argument that is wrong, or "" if it is the command as a whole.
    """

    def __init__(
        self, problem: str, ctx: click.Context, *, advice: str = "", thing: str = ""
    ) -> None:
        super().__init__(problem, ctx)
        self.advice = advice
        self.thing = thing

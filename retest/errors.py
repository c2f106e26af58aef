"""Errors that speak to the person at the keyboard: one family, each a finished sentence with the remedy."""


class RetestError(Exception):
    """A failure the user can act on; `main()` prints the message once and exits with `exit_code`."""

    exit_code = 1


class InputError(RetestError):
    """What the user gave cannot be read: a seed, an option, a settings file. The message names the place."""

    exit_code = 2


class OutputError(InputError):
    """A place to write to that cannot be written."""


class SourceUnreachable(RetestError):
    """The paper source could not be asked (no network, rate limit, garbled answer): never the same as "nothing found"."""


class JudgeRefused(InputError):
    """The judge's endpoint refuses us for good (bad key, unknown model): a setting is wrong, and asking again cannot help."""


class JudgeUnreachable(RetestError):
    """The judge's endpoint did not answer this time; the pair stays *not judged*."""

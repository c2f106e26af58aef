"""retest: re-test the dated claims of a research library against newer arXiv papers."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("retest")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0.1.0"

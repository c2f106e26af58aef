"""Fixtures that several files share stand in `ponds.py`."""

pytest_plugins = ("ponds",)

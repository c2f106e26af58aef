"""Writes the output folder: each file complete or absent, and untouched where its bytes would not change."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from retest.errors import OutputError


def check_writable(folder: Path) -> None:
    """Makes the folder and tries it. Raises OutputError before any work is done for nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{folder}: cannot be written ({reason.lower()}); choose another folder with --out"
        ) from error


def write_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Writes what differs from what is there; returns the names written, sorted.

    All new files lie complete beside the old ones before the first is renamed over its predecessor.
    """
    changed = {name: text for name, text in sorted(files.items()) if _read(folder / name) != text}
    beside: dict[str, str] = {}
    try:
        for path in (path for name in files for path in folder.glob(f".{name}.????????")):
            path.unlink(missing_ok=True)  # left by a run that was killed while it wrote
        for name, text in changed.items():
            handle, beside[name] = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(beside[name]).chmod(0o644)
        for name in list(changed):
            Path(beside.pop(name)).replace(folder / name)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}); mend that or choose another folder with --out"
        ) from error
    finally:
        for left in beside.values():
            Path(left).unlink(missing_ok=True)
    return sorted(changed)


def remove_reports(folder: Path, names: Iterable[str]) -> None:
    """Removes those of the files that retest wrote: what nobody audits any more must not pass for audited.

    What somebody else put in their place stays.
    """
    for path in (folder / name for name in sorted(names)):
        ours = _OURS.get(path.suffix)
        if ours and not path.is_symlink() and (text := _read(path)) and ours.match(text):
            path.unlink(missing_ok=True)


_OURS = {
    ".md": re.compile(r"---\ntitle: .*\nas_of: .*\ntags: \[retest[,\]]"),
    ".html": re.compile(
        r"<!doctype html>\n<html lang=\"en\">\n<head>.*What still holds</title><link rel=\"stylesheet\" href=\"site.css\">"
    ),
}
"""How each begins."""


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be read ({error.strerror}); mend that or choose another folder with --out"
        ) from error

"""Finds seed files on disk, and reads them as text that can be parsed.

All that touches the file system for a seed is here. What is no text in UTF-8, or no seed by its size or its name, is
refused with the place and the remedy, before anything is parsed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from retest.errors import InputError
from retest.models import Seed
from retest.seeds.document import parse_seed

SUFFIXES = (".txt", ".md")
SIZE_LIMIT = 5_000_000


def find_seeds(paths: Sequence[Path]) -> list[Path]:
    """The seed files that `paths` name, each once, in the order given.

    A folder stands for the `.txt` and `.md` files in it and below, sorted. Hidden files and folders are passed
    over, and so is a `README`, which in a folder of seeds speaks about them; named itself, it is read.
    Raises InputError for a path that does not exist, a folder without seeds, a file of another kind.
    """
    found = [seed for path in paths for seed in (_seeds_in(path) if path.is_dir() else [_seed_file(path)])]
    once: dict[Path, Path] = {}
    for path in found:
        once.setdefault(path.resolve(), path)
    return list(once.values())


def _seed_file(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; give seeds (.txt or .md) or a folder of them")
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f'{path}: not a seed: its name ends in "{path.suffix}"; give a .txt or .md file')
    return path


def _seeds_in(folder: Path) -> list[Path]:
    found: list[Path] = []

    def refuse(error: OSError) -> NoReturn:
        raise InputError(f"{error.filename}: the folder cannot be read ({error.strerror}); check its permissions")

    for here, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(here, name) for name in files if _is_seed_name(name)]
    if not found:
        raise InputError(f"no .txt or .md seed in {folder}; put seeds there, or name another folder or file")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _is_seed_name(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in SUFFIXES and path.stem.lower() != "readme" and not name.startswith(".")


def read_seed(path: Path, name: str) -> Seed:
    """The seed in the file; `name` is what messages and reports call it. Raises InputError with the remedy."""
    return parse_seed(_decoded(_bytes_of(path, name), name), name)


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():
            raise InputError(f"{name}: not a file; give seeds (.txt or .md) or a folder of them")
        _check_size(path.stat().st_size, name)
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); check the file and its permissions") from error
    _check_size(len(data), name)  # it may have grown
    return data


def _check_size(size: int, name: str) -> None:
    if size > SIZE_LIMIT:
        raise InputError(
            f"{name}: {size / 1e6:.1f} MB is too large for a seed (the limit is {SIZE_LIMIT / 1e6:.0f} MB); "
            "give one inquiring line per file"
        )


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: line 1: the file is UTF-16; save it as UTF-8")
    nul = data.find(b"\0")
    if nul >= 0:
        where = f"line {data.count(10, 0, nul) + 1}"
        raise InputError(f"{name}: {where}: a binary file (NUL at byte {nul}); give a seed as text in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}: line {line}: byte {error.start} is not UTF-8; save the file as UTF-8") from error

"""What a seed is called: in messages and reports by where it lies, and as the file name of its own report.

Neither may carry a path of this machine into what is published, and a report's name may not lead out of its folder,
be a device on any file system, or take the place of another report.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from retest.models import Seed


def display_names(paths: Sequence[Path], cwd: Path) -> dict[str, Path]:
    """The files by what reports call them, in the order given; no two of `paths` are the same file.

    Beneath `cwd` that is where a file lies; elsewhere its bare name, with as many of its folders in front as tell it
    from the others; always with `/`.
    """
    inside = {path: name for path in paths if (name := _beneath(path, cwd))}
    folders = dict.fromkeys((path for path in paths if path not in inside), 0)
    while True:
        names = {path: inside.get(path) or _last_parts(path, 1 + folders[path]) for path in paths}
        often = Counter(names.values())
        alike = [path for path, more in folders.items() if often[names[path]] > 1 and more < len(path.resolve().parts)]
        if not alike:
            return {name: path for path, name in names.items()}
        folders |= {path: folders[path] + 1 for path in alike}


def _beneath(path: Path, cwd: Path) -> str | None:
    """Where the file lies beneath `cwd`."""
    inside = Path(os.path.normpath(cwd / path))
    for place, root in ((inside, cwd), (inside.resolve(), cwd.resolve())):
        if place.is_relative_to(root):
            return place.relative_to(root).as_posix()
    return None


def _last_parts(path: Path, number: int) -> str:
    parts = path.resolve().parts[1:]
    return "/".join(parts[-number:]) if number <= len(parts) else path.resolve().as_posix()


# Device names of Windows, and the reports that a run itself writes beside the seeds' reports.
_RESERVED = {"con", "prn", "aux", "nul", "readme", "changes"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}


def stem_of(file: str) -> str:
    """The file name of the seed's report, without a suffix: plain ASCII, no folders, at most 100 characters."""
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    bare = name.rsplit(".", 1)[0] if "." in name[1:] else name
    plain = unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-_")[:100] or "seed"
    return f"{stem}-seed" if stem in _RESERVED else stem


def unique_stems(seeds: Sequence[Seed]) -> list[Seed]:
    """The same seeds; where two would write the same report, the later one's stem gets a hash of its path."""
    taken = {seed.stem for seed in seeds}
    seen: set[str] = set()
    result = []
    for seed in seeds:
        stem, salt = seed.stem, 0
        while stem in seen or (salt and stem in taken):
            digest = hashlib.sha256(f"{seed.file}{salt or ''}".encode()).hexdigest()
            stem, salt = f"{seed.stem}-{digest[:6]}", salt + 1
        seen.add(stem)
        result.append(seed if stem == seed.stem else seed.model_copy(update={"stem": stem}))
    return result

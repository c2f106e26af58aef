"""Remembers what a person decided about a claim, in one small file beside the reports: it counts on later nights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from retest.errors import InputError
from retest.models import Value
from retest.report import Report

FILE = "acks.json"


class Ack(Value):
    """A person's word on a claim: keep it as it stands, or retire it."""

    decision: Literal["keep", "retire"]
    note: str
    on: date
    state: str
    """The claim's state when the word was given; another state later is news again."""


_ACKS: TypeAdapter[dict[str, Ack]] = TypeAdapter(dict[str, Ack])


def read_acks(folder: Path) -> dict[str, Ack]:
    """The words given so far, by claim id. Raises InputError when the file cannot be read."""
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        return _ACKS.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(f"{path}: not a list of acks as retest writes it; mend it or restore it from git") from error


def with_ack(acks: Mapping[str, Ack], report: Report, claim: str, ack: Ack) -> dict[str, Ack]:
    """The words with one more; the claim may be named by its id or an alias. Raises InputError for an unknown claim."""
    record = next((r for r in report.claims if claim == r.id or claim in r.aliases), None)
    if record is None:
        near = get_close_matches(claim, [r.id for r in report.claims], n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "each report names its claims' ids"
        raise InputError(f"{claim}: no claim of that id; {hint}")
    return {**acks, record.id: ack.model_copy(update={"state": record.state})}


def to_json(acks: Mapping[str, Ack]) -> str:
    """The file's text, sorted, one claim to a few lines, so that two people's words merge."""
    rows = {claim: acks[claim].model_dump(mode="json") for claim in sorted(acks)}
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"

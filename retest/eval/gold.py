"""Reads gold: dated claims with the papers that are known to bear on them, as `docs/evaluation.md` lays down."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from retest.errors import InputError
from retest.models import Claim, Durability, Period, Place, Stance, State, TextKind

GOLD_SCHEMA = "retest-gold-1"
_YEAR = re.compile(r"\d{4}")


class Entry(BaseModel):
    """A frozen part of a gold file. Unlike our own values it may carry more than we read: notes, types."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class GoldPaper(Entry):
    """A paper that bears on a claim."""

    arxiv_id: str
    published: date
    stance: Stance
    accept: tuple[Stance, ...] = ()
    """Stances that are also right."""
    strength: int = Field(default=1, ge=1, le=3)
    span: tuple[int, int] | None = None
    """The deciding words in the paper's text, `[start, end)`."""
    text: TextKind = "abstract"
    """The text that `span` counts in."""

    @property
    def right(self) -> tuple[Stance, ...]:
        """Every stance that is right, the main one first."""
        return tuple(dict.fromkeys((self.stance, *self.accept)))

    @model_validator(mode="after")
    def _span_is_one(self) -> Self:
        if self.span and not 0 <= self.span[0] < self.span[1]:
            raise ValueError("span must be [start, end) with 0 <= start < end")
        return self

    @model_validator(mode="after")
    def _bears_on_it(self) -> Self:
        if self.stance == "neutral":
            raise ValueError(f"{self.arxiv_id} is neutral; a paper that bears on nothing belongs to negatives")
        return self


class GoldVerdict(Entry):
    """Where a claim stands."""

    durability: Durability
    state: State
    accept_states: tuple[State, ...] = ()

    @property
    def right(self) -> tuple[State, ...]:
        """Every state that is right, the main one first."""
        return tuple(dict.fromkeys((self.state, *self.accept_states)))


class GoldClaim(Entry):
    """A claim as a note would carry it, and what an annotator knows about it."""

    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)
    stated_date: str | None = None
    filter_after: date
    anchors: tuple[str, ...]
    """Empty where no paper is its source: then the right answer is that it has none."""
    accept_anchors: tuple[str, ...] = ()
    anchor_date: date | None = None
    anchor_date_tolerance_days: int = Field(default=3, ge=0)
    superseding: tuple[GoldPaper, ...]
    negatives: tuple[str, ...] = ()
    """Papers of the same topic that bear on nothing in it."""
    verdict: GoldVerdict
    split: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        early = [paper.arxiv_id for paper in self.superseding if paper.published <= self.filter_after]
        if early:
            raise ValueError(f"superseding {early[0]} is not newer than filter_after, {self.filter_after}")
        listed = Counter([*(paper.arxiv_id for paper in self.superseding), *self.negatives])
        twice = [arxiv_id for arxiv_id, times in listed.items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]} is listed more than once among superseding and negatives")
        if self.stated_date is not None and not _YEAR.search(self.stated_date):
            raise ValueError(f"stated_date {self.stated_date!r} holds no year; write null or, say, ~2024")
        return self

    def newer(self, as_of: date) -> tuple[GoldPaper, ...]:
        """The superseding papers that were there to be found on `as_of`."""
        return tuple(paper for paper in self.superseding if paper.published <= as_of)


class Gold(Entry):
    """A gold file."""

    schema_name: Literal["retest-gold-1"] = Field(alias="schema")
    claims: tuple[GoldClaim, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        twice = [claim_id for claim_id, times in Counter(c.id for c in self.claims).items() if times > 1]
        if twice:
            raise ValueError(f"two claims have the id {twice[0]!r}")
        return self


def read_gold(path: Path) -> tuple[GoldClaim, ...]:
    """The claims of a gold file. Raises InputError with the place and the remedy."""
    data = _read_json(path)
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != GOLD_SCHEMA:
        raise InputError(
            f'{path}: schema: {schema!r} is not "{GOLD_SCHEMA}"; docs/evaluation.md shows the form of a gold file'
        )
    try:
        return Gold.model_validate(data).claims
    except ValidationError as error:
        raise InputError(_sentence(path, data, error)) from None


def bundled_gold() -> tuple[GoldClaim, ...]:
    """The gold that ships: the claims of the project's own seeds, judged over the bundled catalogue."""
    with as_file(files("retest").joinpath("data/gold.json")) as path:
        return read_gold(path)


def choose_part(
    claims: Sequence[GoldClaim], part: str | None, split: Path | None, gold: str = "the gold"
) -> tuple[GoldClaim, ...]:
    """The claims of one part: by the ids a split file lists under its name, else by the claims' own `split`.

    All claims where no part is asked for. Raises InputError for a part that is not there, and for a split file
    that names claims which the gold lacks: a part that is smaller than it should be measures something else.
    """
    if part is None:
        if split:
            raise InputError(f"--split {split}: which part of it? add --part, for instance --part tune")
        return tuple(claims)
    if split is None:
        chosen = tuple(claim for claim in claims if claim.split == part)
        if not chosen:
            raise InputError(f'--part {part}: no claim of {gold} has "split": "{part}"; name a file with --split')
        return chosen
    wanted = _part_of(split, part)
    lacking = wanted - {claim.id for claim in claims}
    if lacking:
        raise InputError(f"{split}: {part}: {min(lacking)!r} is no claim of {gold}; give the gold it was made for")
    return tuple(claim for claim in claims if claim.id in wanted)


def claim_of(gold: GoldClaim, place: Place) -> Claim:
    """The claim as if a seed had carried it: the annotator's knowledge stays behind."""
    return Claim(id=gold.id, title=gold.title, text=gold.text, places=(place,), stated=_period(gold.stated_date))


def _period(stated: str | None) -> Period | None:
    if stated is None:
        return None
    years = sorted(int(year) for year in _YEAR.findall(stated))
    return Period(first=years[0], last=years[-1], text=stated)


def _part_of(split: Path, part: str) -> set[str]:
    parts = _read_json(split)
    if not isinstance(parts, dict) or not isinstance(parts.get(part), list):
        has = ", ".join(sorted(parts)) if isinstance(parts, dict) else "none"
        raise InputError(f'{split}: no list of ids under "{part}"; its parts: {has or "none"}')
    return {str(claim_id) for claim_id in parts[part]}


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a gold file in JSON") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start}: not UTF-8 text; name a gold file in JSON") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: line {error.lineno}: not JSON ({error.msg}); mend that line") from error
    except RecursionError:
        raise InputError(f"{path}: not a gold file (nested too deeply); name a gold file in JSON") from None


def _sentence(path: Path, data: Any, error: ValidationError) -> str:
    """The first thing that is wrong, with its place: `claims[3] (t05), superseding[0].stance`."""
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    if first["loc"][:1] == ("claims",) and len(first["loc"]) > 1:
        claim = data["claims"][first["loc"][1]]
        name = claim.get("id") if isinstance(claim, dict) else None
        place += f" (claim {name})" if name else ""
    problem = first["msg"].removeprefix("Value error, ")
    problem = problem[:1].lower() + problem[1:]
    return f"{path}: {place or 'the file'}: {problem}; mend it as docs/evaluation.md says"

"""Makes the claims to re-test out of what the seeds say: each once, however many seeds cite it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from retest.models import AnchorLine, Bullet, Claim, DatedBy, Note, Period, Place, Seed, Sentence, Value
from retest.seeds import arxiv_ids_in, fold, short_title, without_ids
from retest.terms import coverage, names, numbers, profile, stems, words

SAME_NOTE = 0.9
"""Shared words that make two notes with different titles one."""
KNOWN_NOTE = 0.85
"""Shared words by which a note is known again from an earlier run."""
JOIN_BAR = 0.4
"""Least share of a bullet's telling words that the note, or the essay's telling of it, must account for."""
JOIN_LEAD = 0.12
"""Least lead of that share over the next note's."""


class KnownClaim(Value):
    """A claim as an earlier run wrote it down."""

    id: str
    title: str
    text: str
    aliases: tuple[str, ...] = ()


@dataclass
class _Draft:
    """A claim while its tellings are gathered; the first one names it."""

    notes: list[Note]
    seeds: list[Seed] = field(default_factory=list)
    restated: list[Bullet] = field(default_factory=list)


def merge_claims(seeds: Sequence[Seed], known: Mapping[str, KnownClaim] | None = None) -> list[Claim]:
    """The seeds' claims in the order of their first places (seeds as given, then lines).

    Notes with the same title are one claim, and so are notes with the same words; another wording of the same
    note is a variant. A prompt's bullet that restates a note of its seed is joined to that note's claim; one that
    restates none is a claim of its own. A claim that `known` (by id) holds keeps its id, retitled or not.
    """
    drafts = _Drafts()
    for seed in seeds:
        own = [(note, drafts.add(note, seed)) for note in seed.notes]
        for bullet in seed.prompt.bullets if seed.prompt else ():
            restated = _restated_note(bullet, seed.notes)
            if restated is None:
                drafts.add(_note_of(bullet), seed)
            else:
                next(draft for note, draft in own if note is restated).restated.append(bullet)
    ids = _ids(drafts.in_order, list((known or {}).values()))
    return [_claim(draft, *ids[at]) for at, draft in enumerate(drafts.in_order)]


# --- one note in many seeds ------------------------------------------------------------------------


class _Drafts:
    """The claims found so far, looked up by title, by text, and by likeness of text."""

    def __init__(self) -> None:
        self.in_order: list[_Draft] = []
        self._by_title: dict[str, _Draft] = {}
        self._by_text: dict[str, _Draft] = {}
        self._by_facts: dict[frozenset[str], list[tuple[Counter[str], _Draft]]] = {}

    def add(self, note: Note, seed: Seed) -> _Draft:
        draft = self._find(note)
        if draft is None:
            draft = _Draft(notes=[])
            self.in_order.append(draft)
        draft.notes.append(note)
        if not draft.seeds or draft.seeds[-1] is not seed:
            draft.seeds.append(seed)
        self._remember(note, draft)
        return draft

    def _find(self, note: Note) -> _Draft | None:
        titled = None if _is_titled_by_its_text(note) else self._by_title.get(_key(note.title))
        return titled or self._by_text.get(_key(note.text)) or self._alike(note)

    def _alike(self, note: Note) -> _Draft | None:
        count = Counter(words(note.text))
        scored = [(_overlap(count, other), draft) for other, draft in self._by_facts.get(_facts(note.text), [])]
        score, draft = max(scored, key=lambda pair: pair[0], default=(0.0, None))
        return draft if score >= SAME_NOTE else None

    def _remember(self, note: Note, draft: _Draft) -> None:
        if not _is_titled_by_its_text(note):
            self._by_title.setdefault(_key(note.title), draft)
        if _key(note.text) not in self._by_text:
            self._by_text[_key(note.text)] = draft
            self._by_facts.setdefault(_facts(note.text), []).append((Counter(words(note.text)), draft))


def _key(text: str) -> str:
    return fold(without_ids(text)).casefold().rstrip(" .")


def _is_titled_by_its_text(note: Note) -> bool:
    # Two claims of the plain form may share their first words, and so the title made of them.
    return note.title == short_title(note.text)


_NEGATIONS = frozenset({"no", "not", "never", "none", "nor", "neither", "without", "cannot", "fail", "fails", "failed"})


def _facts(text: str) -> frozenset[str]:
    """What must agree exactly before likeness of words can make two notes one: numbers, names, negations."""
    figures = {f"{number.value:g}{number.unit}" for number in numbers(text)}
    called = {name.casefold() for name in names(text)}
    return frozenset(figures | called | {w for w in words(text) if w in _NEGATIONS or w.endswith(("n't", "n’t"))})


def _overlap(left: Counter[str], right: Counter[str]) -> float:
    """Words both texts have, as a share of the longer text's words."""
    longer = max(left.total(), right.total())
    if not longer or min(left.total(), right.total()) < KNOWN_NOTE * longer:
        return 0.0
    return (left & right).total() / longer


# --- bullets ---------------------------------------------------------------------------------------


def _restated_note(bullet: Bullet, notes: Sequence[Note]) -> Note | None:
    """The note of the same seed that the bullet restates, if one does so clearly."""
    scored = sorted(((_restates(bullet, note), -at) for at, note in enumerate(notes)), reverse=True)
    best, lead = (scored[0][0], scored[0][0] - (scored[1][0] if len(scored) > 1 else 0.0)) if scored else (0.0, 0.0)
    return notes[-scored[0][1]] if best >= JOIN_BAR and lead >= JOIN_LEAD else None


def _restates(bullet: Bullet, note: Note) -> float:
    """The share of the bullet's telling words that the note accounts for, 0 to 1.

    A prompt is written from the essay, so the sentences that lean on the note count as well; half, for one
    sentence may lean on two notes.
    """
    wanted = profile(f"{bullet.text} {' '.join(bullet.names)}")
    own = stems(f"{note.title} {note.text}")
    told = stems(" ".join(sentence.text for sentence in note.leaning))
    return (coverage(wanted, own) + coverage(wanted, [*own, *told])) / 2


def _note_of(bullet: Bullet) -> Note:
    return Note(
        title=short_title(bullet.text),
        text=bullet.text,
        place=bullet.place,
        stated=bullet.stated,
        names=bullet.names,
    )


# --- ids -------------------------------------------------------------------------------------------


def slug(title: str) -> str:
    """An id for a title: ASCII words joined by hyphens, at most 60 characters, cut between words."""
    plain = unicodedata.normalize("NFKD", fold(title)).encode("ascii", "ignore").decode().lower()
    joined = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    if len(joined) > 60:
        joined = joined[:60] if joined[60] == "-" else joined[:60].rpartition("-")[0] or joined[:60]
    return joined or "claim"


def _ids(drafts: Sequence[_Draft], known: Sequence[KnownClaim]) -> list[tuple[str, tuple[str, ...]]]:
    """For each draft its id and its aliases; no id is given twice."""
    recognised = _recognised(drafts, known)
    taken = {earlier.id for earlier in recognised.values()}
    result = []
    for at, draft in enumerate(drafts):
        earlier = recognised.get(at)
        identifier = earlier.id if earlier else _free_id(draft.notes[0], taken)
        taken.add(identifier)
        slugs = [slug(note.title) for note in draft.notes]
        aliases = [*(earlier.aliases if earlier else ()), *slugs]
        result.append((identifier, tuple(alias for alias in dict.fromkeys(aliases) if alias != identifier)))
    owned = {identifier for identifier, _ in result}
    return [(identifier, tuple(alias for alias in aliases if alias not in owned)) for identifier, aliases in result]


def _free_id(note: Note, taken: set[str]) -> str:
    identifier, salt = slug(note.title), 0
    while identifier in taken:
        digest = hashlib.sha256(f"{_key(note.text)}{salt or ''}".encode()).hexdigest()
        identifier, salt = f"{slug(note.title)}-{digest[:6]}", salt + 1
    return identifier


def _recognised(drafts: Sequence[_Draft], known: Sequence[KnownClaim]) -> dict[int, KnownClaim]:
    """Which draft (by position) is which known claim: same text first, then the likest text, then the title."""
    found: dict[int, KnownClaim] = {}
    left = sorted(known, key=lambda claim: claim.id)
    for pairs in (_by_same_text, _by_like_text, _by_title):
        used = {earlier.id for earlier in found.values()}
        for at, earlier in pairs(drafts, [k for k in left if k.id not in used], set(range(len(drafts))) - found.keys()):
            if at not in found and earlier.id not in used:
                found[at] = earlier
                used.add(earlier.id)
    return found


_Pairs = Iterator[tuple[int, KnownClaim]]


def _by_same_text(drafts: Sequence[_Draft], known: Sequence[KnownClaim], open_: set[int]) -> _Pairs:
    by_text = {_key(earlier.text): earlier for earlier in reversed(known)}
    for at in sorted(open_):
        for note in drafts[at].notes:
            if earlier := by_text.get(_key(note.text)):
                yield at, earlier


def _by_like_text(drafts: Sequence[_Draft], known: Sequence[KnownClaim], open_: set[int]) -> _Pairs:
    counted = [Counter(words(earlier.text)) for earlier in known]
    own = {at: Counter(words(drafts[at].notes[0].text)) for at in open_}
    scored = [(_overlap(own[at], count), -at, -order) for at in open_ for order, count in enumerate(counted)]
    for score, at, order in sorted(scored, reverse=True):
        if score >= KNOWN_NOTE:
            yield -at, known[-order]


def _by_title(drafts: Sequence[_Draft], known: Sequence[KnownClaim], open_: set[int]) -> _Pairs:
    by_slug = {alias: earlier for earlier in known for alias in earlier.aliases}
    by_slug |= {slug(earlier.title): earlier for earlier in known}
    by_slug |= {earlier.id: earlier for earlier in known}
    for at in sorted(open_):
        if earlier := by_slug.get(slug(drafts[at].notes[0].title)):
            yield at, earlier


# --- the claim -------------------------------------------------------------------------------------


def _claim(draft: _Draft, identifier: str, aliases: tuple[str, ...]) -> Claim:
    first = draft.notes[0]
    sources: list[Note | Bullet] = [*draft.notes, *draft.restated]
    written = " ".join(part for note in draft.notes for part in (note.title, note.text))
    return Claim(
        id=identifier,
        aliases=aliases,
        title=without_ids(first.title) or first.title,
        text=without_ids(first.text) or first.text,
        places=_places(draft.notes),
        leaning=_leaning(draft.notes),
        stated=next((source.stated for source in sources if source.stated), None),
        covers=_covered(first.text),
        names=tuple(dict.fromkeys(name for source in sources for name in source.names)),
        restated=tuple(draft.restated),
        variants=_variants(draft.notes),
        arxiv_ids=arxiv_ids_in(" ".join([written, *(bullet.text for bullet in draft.restated)])),
        anchor_lines=_anchor_lines(draft.seeds),
    )


_REVIEWED = re.compile(
    r"\b((?:19|20)\d\d)\s?[-‐‑‒–—]\s?((?:19|20)\d\d)\b(?:\s+[a-z-]+){0,3}?\s+(?:review|survey|meta-analysis|literature)\b",
    re.IGNORECASE,
)


def _covered(text: str) -> Period | None:
    """The years of `a 2020–2025 systematic review`: such a claim is no older than what it looks back on."""
    told = _REVIEWED.search(text)
    if told is None or int(told[1]) > int(told[2]):
        return None
    return Period(first=int(told[1]), last=int(told[2]), text=text[told.start(1) : told.end(2)])


def _places(notes: Iterable[Note]) -> tuple[Place, ...]:
    by_file: dict[str, Place] = {}
    for note in notes:
        by_file.setdefault(note.place.file, note.place)
    return tuple(sorted(by_file.values(), key=lambda place: (place.file, place.line)))


def _leaning(notes: Iterable[Note]) -> tuple[Sentence, ...]:
    return tuple(dict.fromkeys(sentence for note in notes for sentence in note.leaning))


def _variants(notes: Sequence[Note]) -> tuple[Note, ...]:
    told = {_key(notes[0].text)}
    variants = []
    for note in notes[1:]:
        if _key(note.text) not in told:
            told.add(_key(note.text))
            variants.append(note)
    return tuple(variants)


def _anchor_lines(seeds: Iterable[Seed]) -> tuple[AnchorLine, ...]:
    return tuple(dict.fromkeys(line for seed in seeds if seed.prompt for line in seed.prompt.anchor_lines))


# --- dates -----------------------------------------------------------------------------------------

ABOUT = timedelta(days=60)
"""How far outside the years of a `~2024` a paper may lie: December is about the next year."""


def is_within(day: date, period: Period) -> bool:
    """Whether a paper of that day can be one of the stated period."""
    slack = ABOUT if "~" in period.text else timedelta(0)
    return date(period.first, 1, 1) - slack <= day <= date(period.last, 12, 31) + slack


def effective_date(claim: Claim, anchor_date: date | None, as_of: date) -> tuple[date, DatedBy]:
    """The day after which work counts as newer, with how it was reached.

    The anchor's v1; else the last day of the stated period, which cannot lie after `as_of`; else three years back.
    """
    if anchor_date:
        return anchor_date, "anchor"
    if claim.period:
        return min(date(claim.period.last, 12, 31), as_of), "stated"
    leap_day = (as_of.month, as_of.day) == (2, 29)
    return as_of.replace(year=as_of.year - 3, day=28 if leap_day else as_of.day), "undated"

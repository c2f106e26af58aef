"""Compares a report with the one before: which verdicts changed, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from retest.claims import KnownClaim
from retest.errors import InputError
from retest.models import NOT_JUDGED, Anchor, Anchored, Anchoring, Cause, Claim, Paper, Unanchored, Value
from retest.report import SCHEMA, ClaimRecord, Pending, Report, anchors_of, judge_mark

ANNOUNCED_WITHIN = timedelta(days=14)
"""A paper's own day may lie so far before the day on which a source first shows it."""
SAME_SPAN_DAYS = 5
"""Half a year is not always as long, nor the same in days from one night to the next."""
DAYS_BETWEEN_QUIET_REPORTS = 7
"""A quiet library's reports are written anew this often, so that their date never misleads for long."""


class Change(Value):
    """One verdict's change."""

    claim: str
    title: str
    before: str
    """`durable, upheld`; empty for a claim that was not there."""
    after: str
    cause: Cause
    papers: tuple[str, ...] = ()
    """arXiv ids of the new evidence, the strongest first."""


def read_report(path: Path) -> Report | None:
    """An earlier `verdicts.json`, None where there is none. Raises InputError when it cannot be read."""
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); mend it, or move it away to start anew") from error
    return parse_report(text, str(path))


def parse_report(text: str, name: str) -> Report:
    """The report that a `verdicts.json` holds. Raises InputError when it is none."""
    try:
        if json.loads(text).get("schema") != SCHEMA:
            raise ValueError("another schema")
        return Report.model_validate_json(text)
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{name}: not what retest wrote; mend it, or move it away to start anew") from error


def known_claims(previous: Report | None) -> dict[str, KnownClaim]:
    """The claims of an earlier report, for their ids to last."""
    records = previous.claims if previous else ()
    return {r.id: KnownClaim(id=r.id, title=r.title, text=r.text, aliases=r.aliases) for r in records}


def cited_before(previous: Report | None, claims: Sequence[Claim]) -> dict[str, tuple[str, ...]]:
    """By claim, the ids that the run before cited for it: its anchors and its evidence. A claim told anew starts anew."""
    earlier = _unchanged(previous, claims)
    return {
        name: tuple(a.arxiv_id for a in anchors_of(record)) + tuple(item.arxiv_id for item in record.evidence)
        for name, record in earlier.items()
    }


def anchored_before(
    previous: Report | None, claims: Sequence[Claim], papers: Mapping[str, Paper], source: str
) -> dict[str, Anchoring]:
    """Anchors that need no new search: a live service is not asked every night for what it has told.

    Nor for what it had not: a note's paper does not appear after the note.
    """
    if previous is None or previous.source != source or source != "arxiv":
        return {}
    found: dict[str, Anchoring] = {}
    for name, record in _unchanged(previous, claims).items():
        if any(a.found_by != "search" for a in anchors_of(record)):
            continue  # the seed named it: what it names now counts
        known = [
            Anchor(paper=papers[a.arxiv_id], score=a.score, found_by="search")
            for a in anchors_of(record)
            if a.arxiv_id in papers
        ]
        if known:
            found[name] = Anchored(anchors=tuple(known))
        elif record.anchor is None and record.unanchored_reason and record.state != "unreachable":
            found[name] = Unanchored(reason=record.unanchored_reason)
    return found


def _unchanged(previous: Report | None, claims: Sequence[Claim]) -> dict[str, ClaimRecord]:
    texts = {claim.id: claim.text for claim in claims}
    records = previous.claims if previous else ()
    return {record.id: record for record in records if texts.get(record.id) == record.text}


def standing(record: ClaimRecord) -> str:
    """A verdict in two words."""
    return f"{record.durability}, {record.state}"


_DECIDED = ("upheld", "relaxed", "overturned", "contested")


def steadied(
    before: ClaimRecord | None, record: ClaimRecord, as_of: date, *, same_judge: bool, seen_until: date
) -> ClaimRecord:
    """The record, or the earlier verdict with the change pending.

    A decided verdict turns at once when two new papers say so, or one of full strength; else it needs the
    same finding on a later night. A change of ours, or of the seed, is not damped: it is no news to confirm.
    `seen_until`: the day of the audit that the earlier record is of.
    """
    if before is None or not same_judge or before.text != record.text:
        return record
    if standing(before) == standing(record) or before.state not in _DECIDED or record.state not in _DECIDED:
        return record
    if _withdrawn_evidence(before, record) or any(_new_versions(before, record)):
        return record  # what it rested on is itself another now
    fresh = [item for item in record.evidence if item.arxiv_id in set(_unread_before(before, record))]
    if len(fresh) >= 2 or any(item.strength == 3 for item in fresh):
        return record
    waiting = before.pending if _is_awaited(before.pending, record) else None
    if waiting and waiting.since < as_of:
        return record
    if waiting is None or waiting.since > as_of:  # a clock that ran ahead must not put it off for years
        cause, papers = _why(before, record, seen_until)
        waiting = Pending(state=record.state, durability=record.durability, since=as_of, cause=cause, papers=papers)
    kept = {name: getattr(before, name) for name in _VERDICT}
    return record.model_copy(update=kept | {"pending": waiting})


def _is_awaited(pending: Pending | None, record: ClaimRecord) -> bool:
    return pending is not None and (pending.state, pending.durability) == (record.state, record.durability)


def with_earlier_words(before: ClaimRecord, record: ClaimRecord) -> ClaimRecord:
    """The record in the words it had, where nothing that they tell of has changed: a model never says it twice alike."""
    if (before.text, before.state, before.confidence) != (record.text, record.state, record.confidence):
        return record
    if [(e.arxiv_id, e.quote) for e in before.evidence] != [(e.arxiv_id, e.quote) for e in record.evidence]:
        return record
    return record.model_copy(update={name: getattr(before, name) for name in _WORDS})


_WORDS = ("durability", "durable_question", "perishable_limitation", "rationale")
_VERDICT = (
    "durability",
    "state",
    "confidence",
    "absence",
    "durable_question",
    "perishable_limitation",
    "rationale",
)


def changed_on(previous: Mapping[str, ClaimRecord], record: ClaimRecord, as_of: date) -> date:
    """The day on which the claim came to stand where it stands."""
    before = previous.get(record.id)
    return before.changed_on if before and standing(before) == standing(record) else as_of


def with_causes(report: Report, previous: Report | None, changed: Sequence[Change]) -> Report:
    """The report, each claim with why it came to stand where it stands."""
    before = {record.id: record.changed_by for record in previous.claims} if previous else {}
    causes = before | {change.claim: change.cause for change in changed}
    records = (record.model_copy(update={"changed_by": causes.get(record.id)}) for record in report.claims)
    return report.model_copy(update={"claims": tuple(records)})


def is_quiet(previous: Report | None, report: Report) -> bool:
    """Whether a night brought nothing: what was found is what was known, within a week of the report before.

    Its day, its window and how many papers were looked at are then all that differs, and no reason for a commit.
    """
    if previous is None or previous.partial or report.partial:
        return False
    if not 0 < (report.as_of - previous.as_of).days < DAYS_BETWEEN_QUIET_REPORTS:
        return False
    if abs((report.as_of - report.since) - (previous.as_of - previous.since)).days > SAME_SPAN_DAYS:
        return False  # another window was asked for
    return _findings_of(previous) == _findings_of(report)


def _findings_of(report: Report) -> dict[str, object]:
    """A report without what changes every night."""
    plain = report.model_dump(mode="json", exclude={"as_of", "since", "source_until"})
    for record in plain["claims"]:
        record.pop("searched")
        record.pop("unplaced")
        record.pop("withdrawn")
        record.pop("audited")
        if record["dated_by"] == "undated" or record["effective_date"] >= report.as_of.isoformat():
            record.pop("effective_date")  # three years back from a day that moves, or that day itself
        for item in (*record["evidence"], *record["contested_at_birth"]):
            item.pop("recent")
    for seed in plain["seeds"]:
        seed.pop("new_work")
        seed.pop("audited")
    return plain


def changes(previous: Report | None, report: Report) -> list[Change]:
    """Every verdict that differs from the report before, in the order of the claims.

    A claim that could not be looked at has no verdict, so neither an outage nor its end is a change.
    """
    before = {record.id: record for record in previous.claims} if previous else {}
    return [
        _change(previous, before.get(record.id), report, record)
        for record in report.claims
        if record.state != "unreachable"
        and (record.id not in before or standing(before[record.id]) != standing(record))
    ]


def _change(previous: Report | None, before: ClaimRecord | None, report: Report, record: ClaimRecord) -> Change:
    """A change with its reason. One of ours (judge, source) is never presented as news from the literature."""
    cause: Cause
    papers: tuple[str, ...] = ()
    if previous is None or before is None or before.state == "unreachable" or _was_unjudged(before):
        cause = "first audit"
    elif before.text != record.text:
        cause = "seed edited"
    elif judge_of(before, previous) != judge_of(record, report):
        cause = "judge or prompt changed"
    elif source_of(before, previous) != source_of(record, report):
        cause = "source changed"
    elif before.pending and before.pending.cause and _is_awaited(before.pending, record):
        cause, papers = before.pending.cause, before.pending.papers
    else:
        cause, papers = _why(before, record, before.audited or previous.as_of)
    return Change(
        claim=record.id,
        title=record.title,
        before=standing(before) if before else "",
        after=standing(record),
        cause=cause,
        papers=papers,
    )


def judge_of(record: ClaimRecord, report: Report) -> str:
    """Whose verdict it is."""
    return record.judge or judge_mark(report.judge)


def source_of(record: ClaimRecord, report: Report) -> str:
    """Where its papers came from."""
    return record.source or report.source


def _why(before: ClaimRecord, record: ClaimRecord, seen_until: date) -> tuple[Cause, tuple[str, ...]]:
    """What turned the verdict of one judge over one source, with the ids of the papers behind it."""
    if _is_placed_otherwise(before, record):
        return "evidence weighed anew", ()
    if fresh := tuple(_new_papers(before, record, seen_until)):
        return "new paper", fresh
    if gone := _withdrawn_evidence(before, record):
        return "withdrawn", gone
    if versions := tuple(_new_versions(before, record)):
        return "new version", versions
    return "evidence weighed anew", ()


def _is_placed_otherwise(before: ClaimRecord, record: ClaimRecord) -> bool:
    """Whether the claim's own paper or stated date is another: all is weighed anew then, and no paper brought it about."""
    was, now = ((r.stated_date, [a.arxiv_id for a in anchors_of(r)]) for r in (before, record))
    return was != now


def _withdrawn_evidence(before: ClaimRecord, record: ClaimRecord) -> tuple[str, ...]:
    """Ids of the evidence that has been withdrawn since."""
    cited = {item.arxiv_id for item in before.evidence}
    return tuple(arxiv_id for arxiv_id in record.withdrawn if arxiv_id in cited)


def _new_versions(before: ClaimRecord, record: ClaimRecord) -> Iterable[str]:
    """Ids of the evidence that was read in a later version than before."""
    known = {item.arxiv_id: item.version for item in before.evidence}
    return (item.arxiv_id for item in record.evidence if item.version > known.get(item.arxiv_id, item.version))


def _was_unjudged(record: ClaimRecord) -> bool:
    """Whether no paper got an answer then, so that there was no verdict that could turn."""
    return record.absence == "could not judge" and record.searched.judged == 0


def _unread_before(before: ClaimRecord, record: ClaimRecord) -> Iterable[str]:
    """Ids of the evidence that the run before had neither cited nor read in vain."""
    read = {item.arxiv_id for item in before.unplaced if not item.reason.startswith(NOT_JUDGED)}
    known = {item.arxiv_id for item in before.evidence} | read
    return (item.arxiv_id for item in record.evidence if item.arxiv_id not in known)


def _new_papers(before: ClaimRecord, record: ClaimRecord, seen_until: date) -> Iterable[str]:
    """Of these, the ids of papers that appeared since, or that got no answer then: an old one found late is no news."""
    asked = {item.arxiv_id for item in before.unplaced}  # and, being unread, in vain
    unread = set(_unread_before(before, record))
    return (
        item.arxiv_id
        for item in record.evidence
        if item.arxiv_id in unread and (item.arxiv_id in asked or item.published > seen_until - ANNOUNCED_WITHIN)
    )

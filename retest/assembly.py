"""Puts what the graph left on the desk together into the run's report, beside the report before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from retest.acks import Ack
from retest.findings import seed_findings
from retest.graph import Questions, Resolved, Tools, outcomes_of
from retest.history import changed_on, judge_of, source_of, steadied, with_earlier_words
from retest.judges import Judge, Scout
from retest.ledger import Entry, judge_hash
from retest.models import Finding, Outcome, Seed
from retest.report import (
    SCHEMA,
    AckRecord,
    ClaimRecord,
    JudgeRecord,
    Partial,
    Report,
    SeedRecord,
    claim_record,
    claims_of,
    judge_mark,
    new_work,
)

STALE = timedelta(days=7)
"""A source whose newest record is older than this cannot tell that nothing newer was found."""


def assemble(tools: Tools, previous: Report | None, acks: Mapping[str, Ack]) -> Report:
    """The report of a finished graph; a claim that could not be looked at keeps its earlier verdict."""
    library, outcomes = tools.library(), outcomes_of(tools)
    until = tools.source.until
    bare = Report(
        schema=SCHEMA,
        as_of=tools.as_of,
        since=tools.since,
        source=tools.source.name,
        judge=judge_record(tools.judge, tools.scout),
        claims=(),
        seeds=(),
        partial=tuple(Partial(claim=o.claim.id, reason=o.failure) for o in outcomes if o.failure),
        source_until=until if until and until < tools.as_of - STALE else None,
    )
    records = [_record(outcome, previous, acks.get(outcome.claim.id), bare) for outcome in outcomes]
    seeds = tuple(_seed_record(seed, records, outcomes, tools, previous) for seed in library.seeds)
    return bare.model_copy(update={"claims": tuple(records), "seeds": seeds})


def judge_record(judge: Judge, scout: Scout | None) -> JudgeRecord:
    """Who judges, as a report keeps it."""
    prompts = {**judge.prompts, **(scout.prompts if scout else {})}
    return JudgeRecord(kind=judge.kind, model=judge.model, prompts=dict(sorted(prompts.items())))


def with_others(
    report: Report, previous: Report | None, unread: Mapping[str, str], unnamed: Collection[str] = ()
) -> Report:
    """The report with what the one before holds on seeds that this run did not read.

    `unread`: by seed, why it cannot be read: a slip of the pen ends no verdict. Each is named among what the run could
    not finish. `unnamed`: seeds that lie where they lay, of which the run was not asked.
    """
    others = {*unread, *unnamed}
    partial = tuple(Partial(claim=file, reason=reason) for file, reason in unread.items())
    before = {record.id: _left(record, previous, report) for record in previous.claims} if previous else {}
    seeds: list[SeedRecord] = []
    for seed in previous.seeds if previous else ():
        if previous and seed.file in others:
            taken = {other.stem for other in (*report.seeds, *seeds)}
            seeds.append(_left_as_it_was(seed, report, previous, taken, is_dated=seed.file in unnamed))
    here = {record.id for record in report.claims}
    told = [_told_in(before[r.id], r, others) if r.id in before else r for r in report.claims]
    lost = [r for r in before.values() if r.id not in here and any(place.file in others for place in r.seeds)]
    told += [_told_in(record, record.model_copy(update={"seeds": (), "leaning": ()}), others) for record in lost]
    return report.model_copy(
        update={
            "claims": tuple(_in_order(told, "id", previous.claims if previous and others else ())),
            "seeds": tuple(_in_order([*report.seeds, *seeds], "file", previous.seeds if previous and others else ())),
            "partial": (*report.partial, *partial),
        }
    )


_Row = TypeVar("_Row", ClaimRecord, SeedRecord)


def _in_order(rows: Sequence[_Row], name: str, before: Sequence[_Row]) -> list[_Row]:
    """The rows that were there before in the order that they had, then the new ones: a part told anew moves nothing."""
    places = {getattr(row, name): place for place, row in enumerate(before)}
    return sorted(rows, key=lambda row: places.get(getattr(row, name), len(places)))


def _left_as_it_was(
    seed: SeedRecord, report: Report, previous: Report, taken: Collection[str], *, is_dated: bool
) -> SeedRecord:
    """An earlier run's record of a seed, with the day of that run where `is_dated`; its report's name is its own."""
    day = seed.audited or previous.as_of
    audited = day if is_dated and day != report.as_of else seed.audited
    stem, number = seed.stem, 1
    while stem in taken:
        stem, number = f"{seed.stem}-{number + 1}", number + 1
    return seed.model_copy(update={"stem": stem, "audited": audited})


def _told_in(before: ClaimRecord, record: ClaimRecord, files: Collection[str]) -> ClaimRecord:
    """The record with the places in these files that the earlier one knows."""
    places = sorted({*record.seeds, *(p for p in before.seeds if p.file in files)}, key=lambda p: (p.file, p.line))
    leaning = dict.fromkeys((*record.leaning, *(item for item in before.leaning if item.file in files)))
    return record.model_copy(
        update={"seeds": tuple(places), "leaning": tuple(sorted(leaning, key=lambda s: (s.file, s.line)))}
    )


def _record(outcome: Outcome, previous: Report | None, ack: Ack | None, report: Report) -> ClaimRecord:
    """`report`: the one that the record is made for, still without claims."""
    word = AckRecord(decision=ack.decision, note=ack.note, on=ack.on, state=ack.state) if ack else None
    earlier = {record.id: record for record in previous.claims} if previous else {}
    before = earlier.get(outcome.claim.id)
    if previous and before and outcome.failure:
        return _left(before, previous, report).model_copy(update={"ack": word})
    fresh = claim_record(outcome, report.since, report.as_of)
    if previous and before:
        same = (judge_of(before, previous), source_of(before, previous)) == (
            judge_of(fresh, report),
            source_of(fresh, report),
        )
        fresh = with_earlier_words(before, fresh) if same else fresh
        seen_until = before.audited or previous.as_of
        fresh = steadied(before, fresh, report.as_of, same_judge=same, seen_until=seen_until)
    return fresh.model_copy(update={"changed_on": changed_on(earlier, fresh, report.as_of), "ack": word})


def _left(record: ClaimRecord, previous: Report, report: Report) -> ClaimRecord:
    """An earlier record under this run's window, with whose it is and of which day, where that is not this report's."""
    evidence = tuple(e.model_copy(update={"recent": e.published >= report.since}) for e in record.evidence)
    day = record.audited or previous.as_of
    judge, source = judge_of(record, previous), source_of(record, previous)
    return record.model_copy(
        update={
            "evidence": evidence,
            "audited": day if day != report.as_of else None,
            "judge": judge if judge != judge_mark(report.judge) else "",
            "source": source if source != report.source else "",
        }
    )


def _seed_record(
    seed: Seed, records: Sequence[ClaimRecord], outcomes: Sequence[Outcome], tools: Tools, previous: Report | None
) -> SeedRecord:
    fresh = _fresh_seed_record(seed, records, outcomes, tools)
    before = next((s for s in previous.seeds if s.file == seed.file), None) if previous else None
    failed = {outcome.claim.id for outcome in outcomes if outcome.failure}
    if before is None or before.claims != fresh.claims or not failed.intersection(fresh.claims):
        return fresh
    # An outage mends no seed, and raises no question: what needs all of its claims stays as it was.
    return fresh.model_copy(update={"findings": before.findings, "questions": before.questions})


def _fresh_seed_record(
    seed: Seed, records: Sequence[ClaimRecord], outcomes: Sequence[Outcome], tools: Tools
) -> SeedRecord:
    ids = claims_of(seed, records)
    questions = tools.desk.get("questions", seed.file, Questions)
    return SeedRecord(
        file=seed.file,
        stem=seed.stem,
        question=seed.question,
        gloss=seed.gloss,
        claims=ids,
        findings=tuple(_seed_findings(seed, outcomes, tools)),
        new_work=new_work([record for record in records if record.id in ids]),
        questions=questions.questions if questions else ("", ""),
    )


def _seed_findings(seed: Seed, outcomes: Sequence[Outcome], tools: Tools) -> list[Finding]:
    resolved = tools.desk.get("resolved", "", Resolved)
    if resolved is None or resolved.failure:
        return []
    anchorings = {outcome.claim.id: outcome.anchoring for outcome in outcomes if not outcome.failure}
    return seed_findings(seed, [outcome.claim for outcome in outcomes], anchorings, resolved.papers)


def entries_of(tools: Tools) -> Iterator[Entry]:
    """Every pair that this run put to the judge, with its answer: what the output folder's ledger keeps."""
    judge = judge_hash(tools.judge)
    for outcome in outcomes_of(tools):
        answers = tools.ledger.answers(outcome.pairs.values())
        for paper, key in outcome.pairs.items():
            if key in answers:
                yield Entry(claim=outcome.claim.id, paper=paper, judge=judge, key=key, answer=answers[key])

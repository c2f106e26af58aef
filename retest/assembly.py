"""Puts what the graph left on the desk together into the run's report, beside the report before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from retest.acks import Ack
from retest.findings import seed_findings
from retest.graph import Questions, Resolved, Tools, outcomes_of
from retest.history import changed_on, steadied, with_earlier_words
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
    new_work,
)


def assemble(tools: Tools, previous: Report | None, acks: Mapping[str, Ack]) -> Report:
    """The report of a finished graph; a claim that could not be looked at keeps its earlier verdict."""
    library, outcomes = tools.library(), outcomes_of(tools)
    prompts = {**tools.judge.prompts, **(tools.scout.prompts if tools.scout else {})}
    judge = JudgeRecord(kind=tools.judge.kind, model=tools.judge.model, prompts=dict(sorted(prompts.items())))
    earlier = {record.id: record for record in previous.claims} if previous else {}
    same = previous is not None and (previous.judge, previous.source) == (judge, tools.source.name)
    records = [_record(outcome, earlier, acks.get(outcome.claim.id), tools, same) for outcome in outcomes]
    return Report(
        schema=SCHEMA,
        as_of=tools.as_of,
        since=tools.since,
        source=tools.source.name,
        judge=judge,
        claims=tuple(records),
        seeds=tuple(_seed_record(seed, records, outcomes, tools, previous) for seed in library.seeds),
        partial=tuple(Partial(claim=o.claim.id, reason=o.failure) for o in outcomes if o.failure),
    )


def with_unread(report: Report, previous: Report | None, unread: Mapping[str, str]) -> Report:
    """The report with what the one before holds on seeds that cannot be read now: a slip of the pen ends no verdict.

    `unread`: by seed, why it cannot be read. Each is named among what the run could not finish.
    """
    partial = tuple(Partial(claim=file, reason=reason) for file, reason in unread.items())
    before = {record.id: record for record in previous.claims} if previous else {}
    taken = {seed.stem for seed in report.seeds}
    seeds = tuple(
        seed.model_copy(update={"stem": f"{seed.stem}-unread"}) if seed.stem in taken else seed
        for seed in (previous.seeds if previous else ())
        if seed.file in unread
    )
    here = {record.id for record in report.claims}
    told = [_told_in(before[r.id], r, unread) if r.id in before else r for r in report.claims]
    lost = [r for r in before.values() if r.id not in here and any(place.file in unread for place in r.seeds)]
    told += [_told_in(record, record.model_copy(update={"seeds": (), "leaning": ()}), unread) for record in lost]
    return report.model_copy(
        update={
            "claims": tuple(_under_window(record, report.since) for record in told),
            "seeds": (*report.seeds, *seeds),
            "partial": (*report.partial, *partial),
        }
    )


def _told_in(before: ClaimRecord, record: ClaimRecord, files: Collection[str]) -> ClaimRecord:
    """The record with the places in these files that the earlier one knows."""
    places = sorted({*record.seeds, *(p for p in before.seeds if p.file in files)}, key=lambda p: (p.file, p.line))
    leaning = (*record.leaning, *(item for item in before.leaning if item.file in files))
    return record.model_copy(
        update={"seeds": tuple(places), "leaning": tuple(sorted(leaning, key=lambda s: (s.file, s.line)))}
    )


def _record(
    outcome: Outcome, earlier: Mapping[str, ClaimRecord], ack: Ack | None, tools: Tools, same_judge: bool
) -> ClaimRecord:
    word = AckRecord(decision=ack.decision, note=ack.note, on=ack.on, state=ack.state) if ack else None
    if outcome.failure and outcome.claim.id in earlier:
        return _under_window(earlier[outcome.claim.id], tools.since).model_copy(update={"ack": word})
    fresh = claim_record(outcome, tools.since, tools.as_of)
    if same_judge and fresh.id in earlier:
        fresh = with_earlier_words(earlier[fresh.id], fresh)
    record = steadied(earlier.get(fresh.id), fresh, tools.as_of, same_judge=same_judge)
    return record.model_copy(update={"changed_on": changed_on(earlier, record, tools.as_of), "ack": word})


def _under_window(record: ClaimRecord, since: date) -> ClaimRecord:
    """An earlier record under this run's window: what was recent then may not be now."""
    evidence = tuple(e.model_copy(update={"recent": e.published >= since}) for e in record.evidence)
    return record.model_copy(update={"evidence": evidence})


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

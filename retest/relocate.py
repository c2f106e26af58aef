"""Finds the claims of a report again in seeds as they stand now: lines move, essays come and go, verdicts stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retest.claims import merge_claims
from retest.history import known_claims
from retest.models import Claim, Finding, Place, Seed
from retest.report import ClaimRecord, Leaning, Report, SeedRecord


def relocated(report: Report, seeds: Sequence[Seed]) -> Report:
    """The report with the places of its claims read from these seeds; a claim that they do not tell is left out.

    So a new essay that cites an old claim is known at its line before any audit has seen it. Nothing is judged: a
    claim that the report does not hold stays unknown.
    """
    now = {claim.id: claim for claim in merge_claims(seeds, known_claims(report))}
    files = {seed.file for seed in seeds}
    still = {file for file in files if not _has_moved(file, report, now)}
    return report.model_copy(
        update={
            "claims": tuple(_record(record, now[record.id]) for record in report.claims if record.id in now),
            "seeds": tuple(_seed(seed, still, now) for seed in report.seeds if seed.file in files),
        }
    )


def _has_moved(file: str, report: Report, now: Mapping[str, Claim]) -> bool:
    """Whether a note of the file stands at another line than the report says."""
    before = {(record.id, place.line) for record in report.claims for place in record.seeds if place.file == file}
    after = {(claim.id, place.line) for claim in now.values() for place in claim.places if place.file == file}
    return not before <= after


def _record(record: ClaimRecord, claim: Claim) -> ClaimRecord:
    return record.model_copy(
        update={
            "seeds": claim.places,
            "leaning": tuple(Leaning(file=s.place.file, line=s.place.line, sentence=s.text) for s in claim.leaning),
            "findings": tuple(_findings(record, claim.places)),
        }
    )


def _findings(record: ClaimRecord, places: Sequence[Place]) -> list[Finding]:
    """The claim's findings, moved as far as its note has moved in the same file."""
    old = {place.file: place.line for place in record.seeds}
    new = {place.file: place.line for place in places}
    return [
        finding.model_copy(update={"line": finding.line + new[finding.file] - old[finding.file]})
        for finding in record.findings
        if finding.file in new and finding.file in old
    ]


def _seed(seed: SeedRecord, still: set[str], now: Mapping[str, Claim]) -> SeedRecord:
    """A seed's own findings hold only where nothing moved: which line they would mean now is not known."""
    findings = seed.findings if seed.file in still else ()
    return seed.model_copy(
        update={"findings": findings, "claims": tuple(claim for claim in seed.claims if claim in now)}
    )

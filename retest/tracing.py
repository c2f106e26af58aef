"""Traces claims to their papers without weighing anything newer: what `retest claims` and `retest prompt` need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from retest.anchors import named_by_seed
from retest.audit import anchor_date, find_anchors
from retest.candidates import papers_of
from retest.claims import KnownClaim, effective_date, merge_claims
from retest.fidelity import fidelity
from retest.findings import claim_findings, seed_findings
from retest.models import Anchoring, Claim, DatedBy, Fidelity, Finding, Paper, Seed, Value
from retest.sources import PaperSource


class Traced(Value):
    """A claim with where it comes from."""

    claim: Claim
    anchoring: Anchoring
    effective_date: date
    dated_by: DatedBy
    fidelity: Fidelity
    findings: tuple[Finding, ...]

    @property
    def papers(self) -> tuple[Paper, ...]:
        """The anchors' papers, best first; empty where it has none."""
        return papers_of(self.anchoring)


class Tracing(Value):
    """The seeds with their claims traced, and what was found wrong with them."""

    seeds: tuple[Seed, ...]
    claims: tuple[Traced, ...]
    seed_findings: tuple[Finding, ...]
    source: str
    as_of: date

    def of(self, seed: Seed) -> list[Traced]:
        """The claims that a seed carries, in the order of its lines."""
        lines = {place.line: t for t in self.claims for place in t.claim.places if place.file == seed.file}
        return [lines[line] for line in sorted(lines)]

    def findings(self, file: str | None = None) -> list[Finding]:
        """Every finding, or those of one file, by line."""
        found = {*self.seed_findings, *(finding for traced in self.claims for finding in traced.findings)}
        return sorted((f for f in found if file in (None, f.file)), key=lambda f: (f.file, f.line, f.kind, f.message))


def trace(
    seeds: Sequence[Seed], source: PaperSource, as_of: date, known: Mapping[str, KnownClaim] | None = None
) -> Tracing:
    """Finds the paper behind each claim: one request for the ids that the seeds name, one for each claim without.

    Raises SourceUnreachable: a claim that could not be looked up must not pass for one without a paper.
    """
    claims = merge_claims(seeds, known)
    ids = {i for c in claims for i in c.arxiv_ids} | {line.arxiv_id for c in claims for line in c.anchor_lines}
    papers = source.lookup(sorted(filter(None, ids))) if ids else {}
    named = named_by_seed(claims, papers)
    anchorings: dict[str, Anchoring] = {c.id: find_anchors(c, named.get(c.id), source, as_of)[0] for c in claims}
    return Tracing(
        seeds=tuple(seeds),
        claims=tuple(_traced(claim, anchorings[claim.id], as_of) for claim in claims),
        seed_findings=tuple(f for seed in seeds for f in seed_findings(seed, claims, anchorings, papers)),
        source=source.name,
        as_of=as_of,
    )


def _traced(claim: Claim, anchoring: Anchoring, as_of: date) -> Traced:
    dated, dated_by = effective_date(claim, anchor_date(anchoring), as_of)
    return Traced(
        claim=claim,
        anchoring=anchoring,
        effective_date=dated,
        dated_by=dated_by,
        fidelity=fidelity(claim, anchoring),
        findings=tuple(claim_findings(claim, anchoring, as_of)),
    )

"""`retest claims`."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retest.commands.options import AsOf, Json, Seeds, Source, settings_of

if TYPE_CHECKING:
    from retest.tracing import Traced, Tracing


def claims(
    seeds: Seeds,
    as_of: AsOf = None,
    source: Source = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 4 when a seed has findings.")] = False,
    as_json: Json = False,
) -> None:
    """Show what was read from the seeds: claims, dates, the papers they rest on, and what is wrong with them."""
    from retest.console import Story, claims_table
    from retest.run import make_home, open_source, read_seeds
    from retest.tracing import trace

    settings = settings_of(as_of=as_of, source=source)
    make_home(settings.home)
    read, unreadable = read_seeds(seeds)
    story = Story()
    paper_source, day = open_source(settings, date.today(), story.say)
    tracing = trace(read, paper_source, day)
    if as_json:
        print(json.dumps(_json(tracing, unreadable), indent=2, ensure_ascii=False))
    else:
        claims_table(tracing)
    for problem in unreadable:
        story.say(problem)
    findings = tracing.findings()
    told = f"{len(tracing.claims)} claims, {len(findings)} findings, {paper_source.requests} requests"
    story.say(f"{told}; papers from {tracing.source}, as of {tracing.as_of}")
    if check and findings:
        raise typer.Exit(4)
    if unreadable:
        raise typer.Exit(3)


def _json(tracing: Tracing, unreadable: list[str]) -> dict[str, Any]:
    return {
        "as_of": tracing.as_of.isoformat(),
        "source": tracing.source,
        "claims": [_claim(traced) for traced in tracing.claims],
        "findings": [finding.model_dump() for finding in tracing.findings()],
        "unreadable": unreadable,
    }


def _claim(traced: Traced) -> dict[str, Any]:
    claim = traced.claim
    return {
        "id": claim.id,
        "title": claim.title,
        "text": claim.text,
        "seeds": [place.model_dump() for place in claim.places],
        "leaning": [{"file": s.place.file, "line": s.place.line, "sentence": s.text} for s in claim.leaning],
        "stated_date": claim.period.text if claim.period else None,
        "effective_date": traced.effective_date.isoformat(),
        "dated_by": traced.dated_by,
        "anchors": [
            {
                "arxiv_id": a.paper.arxiv_id,
                "title": a.paper.title,
                "published": a.paper.published.isoformat(),
                "score": a.score,
            }
            for a in (traced.anchoring.anchors if traced.anchoring.kind == "anchored" else ())
        ],
        "unanchored_reason": traced.anchoring.reason if traced.anchoring.kind == "unanchored" else None,
        "fidelity": traced.fidelity.model_dump(),
        "findings": [finding.model_dump() for finding in traced.findings],
    }

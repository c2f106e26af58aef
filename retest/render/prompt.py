"""Renders the paste-ready research prompt of a seed: every id in it was resolved, and nothing else is cited."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

from retest.anchors import telling_names
from retest.models import Paper, Seed
from retest.render.text import plain
from retest.report import ClaimRecord, Report
from retest.templates import Template
from retest.terms import names
from retest.tracing import Traced, Tracing

_FIELDS = {
    "cs.CL": "natural language processing", "cs.LG": "machine learning", "cs.AI": "artificial intelligence",
    "cs.CV": "computer vision", "cs.CY": "computing and society", "cs.HC": "human-computer interaction",
    "cs.IR": "information retrieval", "cs.MA": "multi-agent systems", "cs.RO": "robotics", "cs.CR": "computer security",
    "cs.SE": "software engineering", "stat.ML": "machine learning", "stat.ME": "statistics", "eess.AS": "speech processing",
}  # fmt: skip
_MODEL = re.compile(
    r"\b(?:o[1-9](?:-\w+)?|(?:GPT|Claude|Llama|LLaMA|Gemini|Qwen|Mistral|DeepSeek|Gemma|Falcon|OLMo|PaLM|T5|BERT)(?:[-\s]?[\dv][\w.]*)?(?:-\w+)?)\b"
)
_CITED = re.compile(
    r"(?:https?://)?(?:arxiv\.org/(?:abs|pdf|html)/|\barXiv:\s*)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?",
    re.IGNORECASE,
)
UNRESOLVED = "[an arXiv id that could not be resolved]"


def research_prompt(seed: Seed, tracing: Tracing, report: Report | None, template: Template, since: str) -> str:
    """The prompt of one seed. `report`: what an earlier run found for it; `since`: the window in words.

    An id that was not resolved is taken out wherever it came from: a note, the template, an earlier run.
    """
    traced = tracing.of(seed)
    records = [_record(report, item) for item in traced]
    anchors = {paper.arxiv_id: paper for item in traced for paper in item.papers}
    parts = template.fill(
        role=_role(seed, list(anchors.values())),
        question=plain(seed.question),
        span=_span(traced),
        claims="\n".join(map(_bullet, traced)),
        anchors="\n".join(map(_anchor_line, sorted(anchors.values(), key=lambda p: (p.published, p.arxiv_id))))
        or "- none could be established",
        found=_found(traced, records, report),
        models=_models(traced),
        durable=_durable(seed, records),
        perishable=_perishable(traced, records),
        window=since,
        thesis=_thesis(traced),
        **_questions(seed, traced, report),
        ungrounded=_ungrounded(traced, tracing),
    )
    resolved = {*anchors, *(e.arxiv_id for r in records if r for e in r.evidence)}
    return re.sub(r"\n{3,}", "\n\n", _only(resolved, "\n\n".join(parts))).strip() + "\n"


def _record(report: Report | None, traced: Traced) -> ClaimRecord | None:
    """The earlier verdict, if it is about the claim as it is worded now."""
    found = next((r for r in report.claims if r.id == traced.claim.id), None) if report else None
    return found if found and found.text == traced.claim.text else None


def _role(seed: Seed, anchors: Sequence[Paper]) -> str:
    if seed.prompt and seed.prompt.role:
        return plain(seed.prompt.role)
    fields = Counter(_FIELDS.get(paper.categories[0], "") for paper in anchors if paper.categories)
    fields.pop("", None)
    field = min(fields, key=lambda name: (-fields[name], name)) + " " if fields else ""
    article = "an" if field[:1] in "aeiou" and field else "a"
    return (
        f"You are {article} {field}researcher auditing whether a curated library's claims about one question "
        "remain valid or have been superseded."
    )


def _span(traced: Sequence[Traced]) -> str:
    years = sorted({paper.published.year for item in traced for paper in item.papers})
    years += [
        year for t in traced if not t.papers and t.claim.period for year in (t.claim.period.first, t.claim.period.last)
    ]
    if not years:
        return "None of the findings could be dated."
    first, last = min(years), max(years)
    return f"Findings of {first}." if first == last else f"Findings span {first}–{last}."


def _bullet(traced: Traced) -> str:
    return f"- {plain(traced.claim.text).rstrip('.')} ({', '.join(filter(None, (_name(traced), _year(traced))))})."


def _name(traced: Traced) -> str:
    """The name under which the claim's own paper goes, where both the claim and the paper's title bear it."""
    titles = " ".join(paper.title for paper in traced.papers)
    borne = [name for name in telling_names(traced.claim) if name.casefold() in titles.casefold()]
    return (*traced.claim.names, *borne, "")[0]


def _year(traced: Traced) -> str:
    if traced.papers:
        years = sorted({paper.published.year for paper in traced.papers})
        return f"~{years[0]}" if years[0] == years[-1] else f"~{years[0]}–{years[-1]}"
    return f"{traced.claim.period.text}, no paper found" if traced.claim.period else "undated, no paper found"


def _anchor_line(paper: Paper) -> str:
    return f"- arXiv:{paper.arxiv_id} ({paper.published.year}) — {plain(paper.title)}"


def _found(traced: Sequence[Traced], records: Sequence[ClaimRecord | None], report: Report | None) -> str:
    """What a run has found already, so that the reader starts from there."""
    told = [_standing(number, record) for number, record in enumerate(records, 1) if record and record.evidence]
    if not report or not told:
        return ""
    head = f"What has already been found (as of {report.as_of}, every id resolved; start from here):"
    return "\n" + "\n".join([head, *told]) + "\n"


def _standing(number: int, record: ClaimRecord) -> str:
    counted = [item for item in record.evidence if item.voice == "asserted"][:3]
    papers = "; ".join(f"arXiv:{e.arxiv_id} ({e.published.year}) — {plain(e.title)}, {e.stance} it" for e in counted)
    return f"- Finding {number} is {record.state} ({record.durability}): {papers}."


def _models(traced: Sequence[Traced]) -> str:
    """Classes of models newer than those that the claims and their papers name."""
    told = " ".join(f"{t.claim.text} {' '.join(p.title + ' ' + p.text for p in t.papers)}" for t in traced)
    found = list(dict.fromkeys(_MODEL.findall(told)))[:6]
    after = f", anything after {', '.join(found)}" if found else ""
    return f"reasoning models, agents, larger and newer families{after}"


def _durable(seed: Seed, records: Sequence[ClaimRecord | None]) -> str:
    questions = [r.durable_question for r in records if r and r.durable_question]
    return plain(questions[0] if questions else seed.question).rstrip("?") + "?"


def _perishable(traced: Sequence[Traced], records: Sequence[ClaimRecord | None]) -> str:
    told = [r.perishable_limitation for r in records if r and r.perishable_limitation and r.durability == "perishable"]
    if told:
        return plain(told[0]).rstrip(".")
    named = list(dict.fromkeys(n for t in traced for n in names(t.claim.text)))[:5]
    return (
        f"what rests on {', '.join(named)} and their scale" if named else "what rests on the models and scales tested"
    )


def _thesis(traced: Sequence[Traced]) -> str:
    """The first sentence of the claim on which most of the essays lean."""
    most = max(traced, key=lambda t: len(t.claim.leaning))  # the first of those, so it is the essay's own lead
    return re.split(r"(?<=[a-z0-9%)])\.\s", plain(most.claim.text))[0].rstrip(".")


def _questions(seed: Seed, traced: Sequence[Traced], report: Report | None) -> dict[str, str]:
    record = next((s for s in report.seeds if s.file == seed.file or s.stem == seed.stem), None) if report else None
    if record and all(record.questions):
        return {"first": plain(record.questions[0]), "second": plain(record.questions[1])}
    return {
        "first": f"If the limits behind “{_thesis(traced)}” have been lifted, what is the binding constraint now?",
        "second": f"Which test would tell whether “{plain(seed.question)}” has another answer for models newer than all of these papers?",
    }


def _ungrounded(traced: Sequence[Traced], tracing: Tracing) -> str:
    lines = [f"- No paper was found for: {plain(t.claim.title)}" for t in traced if not t.papers]
    if not lines:
        return ""
    return (
        "\n"
        + "\n".join(["What the library could not ground (treat as opinion until you find its source):", *lines])
        + "\n"
    )


def _only(resolved: set[str], text: str) -> str:
    """The text without citations of anything else."""
    return _CITED.sub(lambda match: match[0] if match[1] in resolved else UNRESOLVED, text)


def window_in_words(since: date, as_of: date) -> str:
    """The window as the prompt tells it."""
    months = round((as_of - since).days / 30.44)
    return f"the last ~{months} months (since {since})" if months > 1 else f"the time since {since}"

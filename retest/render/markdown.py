"""Renders one seed's report as Markdown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from retest.models import Finding
from retest.render.glance import dating_anchor, how_dated, settled_beside, settling, unsettled
from retest.render.text import byline, code, count, heading_anchor, md, paper_link, plain, sentence
from retest.report import AnchorRecord, ClaimRecord, EvidenceRecord, Report, SeedRecord, UnplacedRecord, anchors_of

STATES = {
    "upheld": "newer work supports it",
    "relaxed": "it holds more narrowly than told",
    "overturned": "newer work contradicts its core",
    "contested": "newer work disagrees about it",
    "untested": "searched, but no newer evidence could be set against it",
    "unreachable": "the source could not be asked",
}
SOURCES = {
    "arxiv": "arXiv's query API; quotes are from the abstracts",
    "catalogue": "the catalogue bundled with retest, not live arXiv; quotes are from its digests, not from the abstracts",
    "library": "the local library of harvested arXiv records; quotes are from the abstracts",
}
JUDGES = {
    "llm": "a language model",
    "embedded": "the embedded judge (cues and weights, no model is called; it sees agreement more easily than narrowing,"
    " so it calls no claim upheld)",
}


UNPLACED_SHOWN = 8


def front_matter(title: str, report: Report, states: Collection[str]) -> str:
    """What Obsidian files a page under; GitHub shows it as a small table. JSON strings are YAML strings."""
    tags = ", ".join(["retest", *(f"retest/{state}" for state in STATES if state in states)])
    return f"---\ntitle: {json.dumps(plain(title), ensure_ascii=False)}\nas_of: {report.as_of}\ntags: [{tags}]\n---"


def seed_report(report: Report, seed: SeedRecord) -> str:
    """The report of one seed, whole."""
    records = [report.claim(claim_id) for claim_id in seed.claims]
    parts = [
        front_matter(seed.question, report, [record.state for record in records]),
        f"# {md(seed.question)}",
        *([md(seed.gloss)] if seed.gloss else []),
        _summary(report, seed, records),
        *_unfinished(report, seed),
        _verdict_table(records),
        *(_claim_section(report, number, record) for number, record in enumerate(records, 1)),
        _new_work_section(report, seed, records),
        _questions_section(report, seed),
        _ungrounded_section(seed, records),
        _making_section(report, seed),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(report: Report, seed: SeedRecord, records: Sequence[ClaimRecord]) -> str:
    states = Counter(record.state for record in records)
    told = ", ".join(
        f"{number} {state}" for state, number in sorted(states.items(), key=lambda pair: list(STATES).index(pair[0]))
    )
    return (
        f"**{count(len(records), 'claim')}: {told}.** "
        f"Audited to {seed.audited or report.as_of}; recent means since {report.since}. "
        f"Source: {SOURCES.get(report.source, md(report.source))}.{ends(report)} "
        f"Judge: {JUDGES.get(report.judge.kind, md(report.judge.kind))}."
    )


def ends(report: Report) -> str:
    """A warning, with a blank before it, where the source ends before the audit's day."""
    if report.source_until is None:
        return ""
    return f" Its newest record is of {report.source_until}: nothing later could be found."


def _unfinished(report: Report, seed: SeedRecord) -> list[str]:
    """What this run could not look at: it stands here as an earlier run left it, if one did."""
    known = {claim_id: report.claim(claim_id).title for claim_id in seed.claims} | {seed.file: seed.file}
    lines = [f"- {md(known[part.claim])}: {md(part.reason)}" for part in report.partial if part.claim in known]
    return ["**Not finished in this run**, and left as it stood:\n\n" + "\n".join(lines)] if lines else []


def _verdict_table(records: Sequence[ClaimRecord]) -> str:
    rows = ["| | Claim | Durability | State | Confidence | What settled it |", "|---|---|---|---|---|---|"]
    for number, record in enumerate(records, 1):
        link = f"[{md(record.title)}]({heading_anchor(_heading(number, record))})"
        rows.append(
            f"| {number} | {link} | {record.durability} | **{record.state}** | {_confidence(record)} | {settled_by(record)} |"
        )
    return "\n".join(rows)


def meaning(record: ClaimRecord) -> str:
    """What a state says in a few words."""
    if record.absence == "could not judge":
        return "newer papers come near it, but the judge could not tell"
    if record.absence == "nothing to check":
        return "as young as the audit: there is no newer work yet to look for"
    return STATES[record.state]


def _heading(number: int, record: ClaimRecord) -> str:
    return f"{number}. {record.title}"


def _confidence(record: ClaimRecord) -> str:
    return f"{record.confidence:.2f}"


def settled_by(record: ClaimRecord) -> str:
    """The evidence behind a verdict in a few words, or why there is none."""
    first = settling(record)
    if first is None:
        return unsettled(record)
    return f"{paper_link(first.arxiv_id)}{settled_beside(record)}"


def _claim_section(report: Report, number: int, record: ClaimRecord) -> str:
    parts = [
        f"## {number}\\. {md(record.title)}",
        f"**{record.durability} · {record.state}** · confidence {_confidence(record)} · {meaning(record)}",
        f"> {md(record.text)}",
        "\n".join(f"- {line}" for line in _about(record)),
    ]
    if record.rationale:
        parts.append(f"**Where it stands.** {md(record.rationale)}")
    if record.durable_question:
        parts.append(f"**Likely to stay open.** {md(record.durable_question)}")
    if record.perishable_limitation:
        parts.append(f"**What time can dissolve.** {md(record.perishable_limitation)}")
    parts += _evidence_part(record)
    parts += _leaning_part(record)
    parts += _searched_part(record)
    return "\n\n".join(parts)


def _about(record: ClaimRecord) -> Iterator[str]:
    """Where the claim stands in the seeds, since when it holds, how true it is to its paper."""
    places = ", ".join(f"{code(place.file)} line {place.line}" for place in record.seeds)
    files = len({item.file for item in record.leaning})
    yield f"Told in {places}, and known as {code(record.id)}. {_leaning(len(record.leaning), files)}"
    yield f"{_since(record)}"
    for anchor in (a for a in anchors_of(record) if a != dating_anchor(record)):
        yield f"Also summarises {_paper(anchor)}."
    if record.fidelity.notes:
        yield f"Fidelity to its paper: **{record.fidelity.status}**: {md('; '.join(record.fidelity.notes))}."
    for finding in record.findings:
        if finding.kind != "unanchored" and finding.message not in record.fidelity.notes:
            yield f"Finding ({code(finding.file)} line {finding.line}): {md(sentence(finding.message))}"
    if record.pending:
        found = f"{record.pending.durability}, {record.pending.state}"
        yield f"Pending: newer work points to **{found}** since {record.pending.since}; it awaits a second finding."
    if record.ack:
        note = f": {md(record.ack.note)}" if record.ack.note else ""
        yield f"A person's word on {record.ack.on}: **{record.ack.decision}**{note}."


def _leaning(sentences: int, files: int) -> str:
    if not sentences:
        return "No essay sentence leans on it."
    verb = "leans" if sentences == 1 else "lean"
    where = "" if files == 1 else f" in {files} essays"
    return f"{count(sentences, 'essay sentence')}{where} {verb} on it."


def _since(record: ClaimRecord) -> str:
    if newest := dating_anchor(record):
        return f"Dated {record.effective_date}, the day of {_paper(newest)}; fit {newest.score:.2f}."
    return f"{md(how_dated(record))}. No paper of its own: {md(record.unanchored_reason or '')}."


def _paper(paper: AnchorRecord | EvidenceRecord | UnplacedRecord) -> str:
    return f"{paper_link(paper.arxiv_id, paper.title)} ({byline(paper.authors)}, {paper.published}, arXiv:{paper.arxiv_id})"


def _evidence_part(record: ClaimRecord) -> list[str]:
    counted = [item for item in record.evidence if item.voice == "asserted"]
    reported = [item for item in record.evidence if item.voice == "reported"]
    parts = []
    for heading, items in (
        ("Evidence", counted),
        ("Not told as the paper's own finding (not counted)", reported),
        ("Contested at birth: older than the claim, and already against it", record.contested_at_birth),
    ):
        if items:
            parts += [f"**{heading}**", "\n".join(map(_evidence_item, items))]
    return parts


def _evidence_item(item: EvidenceRecord) -> str:
    recent = " · recent" if item.recent else ""
    return f"- **{item.stance}** (strength {item.strength} of 3{recent}): {_paper(item)}\n  > “{md(item.quote)}”\n\n  {md(item.reason)}"


def _leaning_part(record: ClaimRecord) -> list[str]:
    """The blast radius: what falls with the claim."""
    if not record.leaning:
        return []
    lines = [f"- {code(item.file)} line {item.line}: “{md(item.sentence)}”" for item in record.leaning]
    return [_folded(f"What leans on it: {count(len(record.leaning), 'essay sentence')}", lines)]


def _searched_part(record: ClaimRecord) -> list[str]:
    parts = []
    if record.unplaced:
        near = f"{count(len(record.unplaced), 'near paper')} the judge could not place"
        lines = [*map(_unplaced_item, record.unplaced[:UNPLACED_SHOWN])]
        if len(record.unplaced) > UNPLACED_SHOWN:
            lines.append(f"- and {len(record.unplaced) - UNPLACED_SHOWN} more in `verdicts.json`")
        parts.append(_folded(f"{near}: worth a look, the nearest first, counted for nothing", lines))
    searched = record.searched
    summary = f"Looked at {count(searched.judged, 'paper')} of {searched.found} newer ones found"
    parts.append(_folded(summary, (f"- {md(query)}" for query in searched.queries)))
    return parts


def _unplaced_item(item: UnplacedRecord) -> str:
    quote = f": “{md(item.quote)}”" if item.quote else ""
    return f"- {_paper(item)}{quote} ({md(item.reason)})"


def _folded(summary: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return f"<details><summary>{md(summary)}</summary>\n\n{body}\n\n</details>"


def _new_work_section(report: Report, seed: SeedRecord, records: Sequence[ClaimRecord]) -> str:
    head = f"## Strongest new work since {report.since}"
    if not seed.new_work:
        return f"{head}\n\nNone of the evidence above is that recent."
    lines = [_new_work_item(arxiv_id, records) for arxiv_id in seed.new_work[:8]]
    return head + "\n\n" + "\n".join(lines)


def _new_work_item(arxiv_id: str, records: Sequence[ClaimRecord]) -> str:
    evidence = [(number, item) for number, record in enumerate(records, 1) for item in record.evidence]
    bears = [(number, e) for number, e in evidence if e.arxiv_id == arxiv_id and e.voice == "asserted"]
    told = ", ".join(f"{item.stance} claim {number}" for number, item in bears)
    return f"- {_paper(bears[0][1])}: {told}"


def _questions_section(report: Report, seed: SeedRecord) -> str:
    made = "" if report.judge.kind == "llm" else "\n\n*Put together from the evidence's own terms, without a model.*"
    return (
        "## Two research questions if the regime has moved\n\n"
        + "\n".join(f"{number}. {md(question)}" for number, question in enumerate(seed.questions, 1))
        + made
    )


def _ungrounded_section(seed: SeedRecord, records: Sequence[ClaimRecord]) -> str:
    lines = [
        f"- Claim {n}, {md(r.title)}: {md(r.unanchored_reason)}."
        for n, r in enumerate(records, 1)
        if r.unanchored_reason
    ]
    lines += [_finding_line(finding) for finding in seed.findings]
    return "## What could not be grounded\n\n" + (
        "\n".join(lines) or "Every claim has a paper, and every anchor line holds."
    )


def _finding_line(finding: Finding) -> str:
    return f"- {code(finding.file)} line {finding.line}: {md(sentence(finding.message))}"


def _making_section(report: Report, seed: SeedRecord) -> str:
    prompts = ", ".join(f"{md(name)} {code(value)}" for name, value in sorted(report.judge.prompts.items()))
    return "\n".join(
        [
            "## How this was made",
            "",
            f"- As of {seed.audited or report.as_of}, recent since {report.since}.",
            f"- Papers from {SOURCES.get(report.source, md(report.source))}.",
            f"- Judged by {JUDGES.get(report.judge.kind, md(report.judge.kind))}, {code(report.judge.model)}; {prompts}.",
            "- Every quote stands in the paper's text at the place that `verdicts.json` gives; every id came from the source.",
            "- A verdict weighs all work after the claim; the window bounds only what is called recent.",
        ]
    )

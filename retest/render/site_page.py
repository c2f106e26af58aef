"""Renders one essay's page of the site: its claims with their evidence, the new work, the open questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from retest.render.glance import counts_in_words, dating_anchor, how_dated
from retest.render.html import Html, join, paper, tag
from retest.render.markdown import meaning
from retest.render.text import count, sentence
from retest.report import AnchorRecord, ClaimRecord, EvidenceRecord, Report, SeedRecord, UnplacedRecord, anchors_of


def state_badge(state: str) -> Html:
    """A state as a word in its colour; the shape before it tells without colour."""
    return tag("span", state, class_=f"state {state}")


def essay_main(report: Report, seed: SeedRecord) -> Html:
    """The main part of an essay's page."""
    records = [report.claim(claim_id) for claim_id in seed.claims]
    audited = f" Audited to {seed.audited}." if seed.audited else ""
    return join(
        tag("h1", seed.question),
        tag("p", seed.gloss, class_="lead") if seed.gloss else None,
        tag("p", f"{count(len(records), 'claim')}: {counts_in_words(records)}.{audited}", class_="quiet"),
        _contents(records),
        *(_claim(number, record) for number, record in enumerate(records, 1)),
        _new_work(report, seed, records),
        _questions(seed),
        _ungrounded(seed, records),
        _making(report),
    )


def _contents(records: Sequence[ClaimRecord]) -> Html:
    heads = ("", "Claim", "State", "Durability", "Confidence")
    rows = [
        tag(
            "tr",
            tag("td", str(number), class_="number"),
            tag("th", tag("a", record.title, href=f"#{record.id}"), scope="row"),
            tag("td", state_badge(record.state), data_label="State"),
            tag("td", record.durability, data_label="Durability"),
            tag("td", f"{record.confidence:.2f}", data_label="Confidence"),
        )
        for number, record in enumerate(records, 1)
    ]
    head = [tag("th", name, scope="col") if name else tag("td") for name in heads]
    caption = tag("caption", "The claims of this essay, in its own order")
    return tag("table", caption, tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="claims")


# --- a claim ---------------------------------------------------------------------------------------


def _claim(number: int, record: ClaimRecord) -> Html:
    return tag(
        "article",
        tag("h2", f"{number}. {record.title}"),
        tag(
            "p", state_badge(record.state), " · ", tag("b", record.durability),
            f" · confidence {record.confidence:.2f} · {meaning(record)}", class_="verdict",
        ),
        tag("blockquote", tag("p", record.text), class_="claim"),
        tag("ul", *(tag("li", line) for line in _about(record)), class_="about"),
        *(
            tag("p", tag("b", f"{heading}. "), words)
            for heading, words in (
                ("Where it stands", record.rationale),
                ("Likely to stay open", record.durable_question),
                ("What time can dissolve", record.perishable_limitation),
            )
            if words
        ),
        *_evidence(record),
        _unplaced(record.unplaced),
        _searched(record),
        id=record.id,
    )  # fmt: skip


def _about(record: ClaimRecord) -> Iterator[Html]:
    places = [join(tag("code", place.file), f" line {place.line}") for place in record.seeds]
    yield join(
        "Told in ", join(*places, between=", "), ", and known as ", tag("code", record.id), f". {_leaning(record)}"
    )
    if newest := dating_anchor(record):
        yield join(f"Dated {record.effective_date}, the day of ", _cited(newest), f"; fit {newest.score:.2f}.")
    else:
        yield join(f"{how_dated(record)}. No paper of its own: {record.unanchored_reason}.")
    for anchor in (a for a in anchors_of(record) if a != newest):
        yield join("Also summarises ", _cited(anchor), ".")
    if record.fidelity.notes:
        yield join(
            "Fidelity to its paper: ", tag("b", record.fidelity.status), f": {'; '.join(record.fidelity.notes)}."
        )
    if record.pending:
        found = f"{record.pending.durability}, {record.pending.state}"
        yield join(
            "Waits to be confirmed: the audit of ", tag("time", str(record.pending.since)), f" found it {found}."
        )
    if record.ack:
        note = f": {record.ack.note}" if record.ack.note else "."
        yield join(tag("b", "A person’s word"), f" ({record.ack.decision}, {record.ack.on}){note}")
    for finding in record.findings:
        if finding.kind != "unanchored" and finding.message not in record.fidelity.notes:
            yield join("Finding (", tag("code", finding.file), f" line {finding.line}): {sentence(finding.message)}")


def _leaning(record: ClaimRecord) -> str:
    if not record.leaning:
        return "No essay sentence leans on it."
    verb = "leans" if len(record.leaning) == 1 else "lean"
    return f"{count(len(record.leaning), 'essay sentence')} {verb} on it."


def _cited(cited: AnchorRecord | EvidenceRecord | UnplacedRecord) -> Html:
    authors = cited.authors
    by = f"{authors[0]} et al." if len(authors) > 2 else " and ".join(authors) or "authors not in the record"
    return join(paper(cited.arxiv_id, cited.title), f" ({by}, {cited.published}, arXiv:{cited.arxiv_id})")


def _evidence(record: ClaimRecord) -> Iterator[Html]:
    parts = (
        ("Evidence", [item for item in record.evidence if item.voice == "asserted"]),
        (
            "Not told as the paper's own finding (not counted)",
            [item for item in record.evidence if item.voice == "reported"],
        ),
        ("Contested at birth: older than the claim, and already against it", record.contested_at_birth),
    )
    for heading, items in parts:
        if items:
            yield join(tag("h3", heading), tag("ul", *map(_evidence_item, items), class_="evidence"))


def _evidence_item(item: EvidenceRecord) -> Html:
    recent = " · recent" if item.recent else ""
    return tag(
        "li",
        tag("p", tag("b", item.stance, class_=f"stance {item.stance}"), f" (strength {item.strength} of 3{recent}): ", _cited(item)),
        tag("blockquote", tag("p", f"“{item.quote}”")),
        tag("p", item.reason, class_="quiet"),
    )  # fmt: skip


def _unplaced(items: Sequence[UnplacedRecord]) -> Html | None:
    if not items:
        return None
    told = f"{count(len(items), 'near paper')} the judge could not place: worth a look, the nearest first, counted for nothing"
    lines = [join(_cited(item), f": “{item.quote}”" if item.quote else None, f" ({item.reason})") for item in items]
    return _folded(told, lines)


def _searched(record: ClaimRecord) -> Html:
    searched = record.searched
    told = f"Looked at {count(searched.judged, 'paper')} of {searched.found} newer ones found"
    return _folded(told, searched.queries)


def _folded(summary: str, lines: Iterable[str]) -> Html:
    return tag("details", tag("summary", summary), tag("ul", *(tag("li", line) for line in lines)))


# --- the essay as a whole --------------------------------------------------------------------------


def _new_work(report: Report, seed: SeedRecord, records: Sequence[ClaimRecord]) -> Html:
    items = [_new_work_item(arxiv_id, records) for arxiv_id in seed.new_work[:8]]
    found = tag("ul", *items) if items else tag("p", "None of the evidence above is that recent.")
    return tag("section", tag("h2", f"Strongest new work since {report.since}"), found)


def _new_work_item(arxiv_id: str, records: Sequence[ClaimRecord]) -> Html:
    evidence = [(n, record, item) for n, record in enumerate(records, 1) for item in record.evidence]
    bears = [told for told in evidence if told[2].arxiv_id == arxiv_id and told[2].voice == "asserted"]
    told = [join(f"{item.stance} ", tag("a", f"claim {n}", href=f"#{record.id}")) for n, record, item in bears]
    return tag("li", _cited(bears[0][2]), ": ", join(*told, between=", "))


def _questions(seed: SeedRecord) -> Html:
    asked = tag("ol", *(tag("li", question) for question in seed.questions))
    return tag("section", tag("h2", "Two research questions if the regime has moved"), asked)


def _ungrounded(seed: SeedRecord, records: Sequence[ClaimRecord]) -> Html:
    lines: list[Html] = [
        join(tag("a", f"Claim {n}, {r.title}", href=f"#{r.id}"), f": {r.unanchored_reason}.")
        for n, r in enumerate(records, 1)
        if r.unanchored_reason
    ]
    lines += [join(tag("code", finding.file), f" line {finding.line}: {finding.message}.") for finding in seed.findings]
    told = tag("ul", *(tag("li", line) for line in lines))
    return tag(
        "section",
        tag("h2", "What could not be grounded"),
        told if lines else tag("p", "Every claim has a paper, and every anchor line holds."),
    )


def _making(report: Report) -> Html:
    prompts = ", ".join(f"{name} {value}" for name, value in sorted(report.judge.prompts.items()))
    return tag(
        "section",
        tag("h2", "How this was made"),
        tag("p", "Judged by ", tag("code", report.judge.model), f" ({prompts}). Every quote stands in the paper’s text at the "
            "place that verdicts.json gives, and every id came from the source. A verdict weighs all work after the claim; "
            "the window bounds only what is called recent."),
    )  # fmt: skip

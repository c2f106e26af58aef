"""Renders the library as a static site: plain HTML that works from disk, without a script, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from retest.errors import InputError
from retest.render.glance import (
    bearing,
    counts,
    counts_in_words,
    dated,
    fell_lately,
    ranked,
    settled_beside,
    settling,
    unsettled,
    unverified,
    verdicts_in_words,
    why_unverified,
)
from retest.render.html import Html, join, paper, tag
from retest.render.markdown import JUDGES, SOURCES, STATES, ends
from retest.render.site_page import essay_main, state_badge
from retest.render.text import count
from retest.render.timeline import STYLE, alternative, drawing
from retest.report import Cited, ClaimRecord, Report, SeedRecord, anchors_of

_POLICY = "default-src 'none'; style-src 'self' file:; script-src 'self' file:; base-uri 'none'; form-action 'none'"
"""Nothing is fetched from elsewhere and nothing inline runs; `file:` is what `'self'` means from disk."""
_STEM = re.compile(r"[A-Za-z0-9_-]+")
_SHOWN = 7


def site(report: Report, changes: str = "") -> dict[str, str]:
    """Every file of the site by its name; `changes` is the text of `CHANGES.md`."""
    pages = {
        page_name(seed): _page(report, seed.question, essay_main(report, seed), bool(changes)) for seed in report.seeds
    }
    if changes:
        pages["changes.html"] = _page(report, "Changes", changes_main(changes), True, here="changes.html")
    return pages | {
        "index.html": _page(report, "What still holds", _index_main(report), bool(changes), here="index.html"),
        "site.css": _data("site.css") + STYLE,
        "site.js": _data("site.js"),
    }


def page_name(seed: SeedRecord) -> str:
    """The file of a seed's page. Raises InputError for a name that would lead out of the folder."""
    if not _STEM.fullmatch(seed.stem):
        raise InputError(f"verdicts.json: {seed.stem!r} is no name for a page; run `retest run` again to write it anew")
    return f"{seed.stem}_.html" if seed.stem in ("index", "changes") else f"{seed.stem}.html"  # no stem ends in `_`


def _data(name: str) -> str:
    return files("retest").joinpath("data", name).read_text(encoding="utf-8")


def _page(report: Report, title: str, main: Html, has_changes: bool, here: str = "") -> str:
    """A whole document around its main part."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title if here == "index.html" else f"{title} · What still holds"),
        tag("link", rel="stylesheet", href="site.css"),
        tag("script", src="site.js", defer=True) if here == "index.html" else None,
    )
    body = tag(
        "body",
        tag("a", "Skip to the content", class_="skip", href="#main"),
        _banner(has_changes, here),
        tag("main", main, id="main"),
        _foot(report),
    )
    return f'<!doctype html>\n<html lang="en">\n{head}\n{body}\n</html>\n'


def _banner(has_changes: bool, here: str) -> Html:
    places = [("index.html", "What still holds"), *([("changes.html", "Changes")] if has_changes else [])]
    links = [tag("li", tag("a", name, href=to, aria_current="page" if to == here else None)) for to, name in places]
    return tag("header", tag("nav", tag("ul", *links), aria_label="Site"))


def _foot(report: Report) -> Html:
    return tag(
        "footer",
        tag("p", f"Audited to {report.as_of}; recent means since {report.since}. "),
        tag("p", f"Papers from {SOURCES.get(report.source, report.source)}.{ends(report)} "),
        tag("p", f"Judged by {JUDGES.get(report.judge.kind, report.judge.kind)}."),
    )


# --- the first page --------------------------------------------------------------------------------


def _index_main(report: Report) -> Html:
    told = f"{count(len(report.claims), 'claim')} from {count(len(report.seeds), 'essay')}, held against newer papers"
    return join(
        tag("h1", "What still holds"),
        tag("p", f"{told} up to {report.as_of}: {verdicts_in_words(report.claims)}.", class_="lead"),
        tag("ul", *(_tile(state, number) for state, number in counts(report.claims)), class_="tiles"),
        tag(
            "div",
            _short_list("Fell lately", [_fallen_item(report, record) for record in fell_lately(report)]),
            _short_list(
                "Leaned on most, and unverified", [_unverified_item(report, record) for record in unverified(report)]
            ),
            class_="columns",
        ),
        _claims_section(report),
        _timeline_section(report),
        tag("section", tag("h2", "Essays"), tag("ul", *(_essay_item(report, seed) for seed in report.seeds), class_="essays")),
        _partial_section(report),
    )  # fmt: skip


def _tile(state: str, number: int) -> Html:
    counted = tag("a", tag("b", str(number)), " ", state_badge(state), href=f"#state={state}")
    return tag("li", counted, tag("span", STATES[state], class_="quiet"))


def _short_list(heading: str, items: Sequence[Html]) -> Html | None:
    if not items:
        return None
    more = tag("p", f"and {count(len(items) - _SHOWN, 'more claim')} in the ", tag("a", "table", href="#claims"), ".")
    return tag("section", tag("h2", heading), tag("ul", *items[:_SHOWN]), more if len(items) > _SHOWN else None)


def _fallen_item(report: Report, record: ClaimRecord) -> Html:
    settled = settling(record)
    by = join("; ", paper(settled.arxiv_id), f" of {settled.published} {bearing(settled)}") if settled else None
    told = tag("span", " since ", tag("time", str(record.changed_on)), by, class_="quiet")
    return tag("li", _claim_link(report, record), " ", state_badge(record.state), told)


def _unverified_item(report: Report, record: ClaimRecord) -> Html:
    told = f" {count(len(record.leaning), 'essay sentence')}; {why_unverified(record)}"
    return tag("li", _claim_link(report, record), " ", state_badge(record.state), tag("span", told, class_="quiet"))


def _claim_link(report: Report, record: ClaimRecord) -> Html:
    seed = next(seed for seed in report.seeds if record.id in seed.claims)
    return tag("a", record.title, href=f"{quote(page_name(seed))}#{quote(record.id)}")


def _claims_section(report: Report) -> Html:
    heads = ("Claim", "State", "Durability", "Confidence", "Dated", "Rests on", "Settled by", "Essays", "Changed")
    return tag(
        "section",
        tag("h2", "Claims"),
        _search_form(report),
        tag(
            "table",
            tag("caption", "Every claim, the gravest state first. “Untested” is no support."),
            tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
            tag("tbody", *(_claim_row(report, record) for record in ranked(report))),
            class_="claims",
        ),
        id="claims",
    )  # fmt: skip


def _search_form(report: Report) -> Html:
    """Shown by the script that makes it work; without the script the whole table stands."""
    states = [tag("option", state, value=state) for state, _ in counts(report.claims)]
    durabilities = [tag("option", name, value=name) for name in ("durable", "perishable")]
    return tag(
        "form",
        tag("label", "Search the claims ", tag("input", type="search", id="query", autocomplete="off")),
        tag("label", "State ", tag("select", tag("option", "any", value=""), *states, id="state")),
        tag("label", "Durability ", tag("select", tag("option", "any", value=""), *durabilities, id="durability")),
        tag("output", id="shown", for_="query state durability"),
        role="search",
        hidden=True,
    )


def _claim_row(report: Report, record: ClaimRecord) -> Html:
    settled = settling(record)
    essays = len({place.file for place in record.seeds})
    cells: list[tuple[str, str | None]] = [
        ("State", state_badge(record.state)),
        ("Durability", record.durability),
        ("Confidence", f"{record.confidence:.2f}"),
        ("Dated", tag("time", dated(record)) if record.dated_by != "undated" else dated(record)),
        ("Rests on", paper(record.anchor.arxiv_id) if record.anchor else "no paper found"),
        ("Settled by", join(paper(settled.arxiv_id), settled_beside(record)) if settled else unsettled(record)),
        ("Essays", str(essays)),
        ("Changed", tag("time", str(record.changed_on))),
    ]  # fmt: skip
    return tag(
        "tr",
        tag("th", _claim_link(report, record), scope="row"),
        *(tag("td", cell, data_label=label) for label, cell in cells),
        data_state=record.state,
        data_durability=record.durability,
        data_text=_searched_text(report, record),
    )


def _searched_text(report: Report, record: ClaimRecord) -> str:
    """What the search looks through: the claim, its papers and its essays, in small letters."""
    papers: list[Cited] = [*anchors_of(record), *record.evidence]
    essays = [seed.question for seed in report.seeds if record.id in seed.claims]
    words = [record.title, record.text, *essays]
    for item in papers:
        words += [item.title, item.arxiv_id, *item.authors]
    return " ".join(words).lower()


def _timeline_section(report: Report) -> Html:
    region = tag("div", Html(drawing(report)), class_="scroll", role="region", aria_label="Timeline", tabindex=0)
    told = "Above each line the papers that support the claim, below it those that relax or overturn it. "
    return tag("section", tag("h2", "Timeline"), tag("figure", region, tag("figcaption", told, alternative(report))))


def _essay_item(report: Report, seed: SeedRecord) -> Html:
    told = counts_in_words(report.claim(claim_id) for claim_id in seed.claims)
    return tag("li", tag("a", seed.question, href=quote(page_name(seed))), tag("span", f" {told}", class_="quiet"))


def _partial_section(report: Report) -> Html | None:
    if not report.partial:
        return None
    items = [tag("li", f"{part.claim}: {part.reason}") for part in report.partial]
    return tag("section", tag("h2", "Not finished in this run"), tag("ul", *items))


# --- changes ---------------------------------------------------------------------------------------


def changes_main(markdown: str) -> Html:
    """`CHANGES.md` as HTML: raw HTML in it stays text, and a link to a report leads to its page."""
    parser = MarkdownIt("commonmark", {"html": False}).disable("image")
    tokens = parser.parse(markdown)
    _lead_to_pages(tokens)
    return Html(parser.renderer.render(tokens, parser.options, {}))


def _lead_to_pages(tokens: Iterable[Token]) -> None:
    for token in tokens:
        _lead_to_pages(token.children or [])
        target, _, _ = str(token.attrs.get("href", "")).partition("#")
        if target.endswith(".md") and "/" not in target and ":" not in target:
            token.attrs["href"] = "index.html" if target == "README.md" else f"{target.removesuffix('.md')}.html"

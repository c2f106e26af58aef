"""Renders every cited paper as CSL-JSON, the form that Zotero, Pandoc and citeproc read without loss."""

from __future__ import annotations

import json
import re
from datetime import date

from retest.render.text import paper_url, plain
from retest.report import Report, cited_papers

_GROUP = re.compile(r"\b(team|collaboration|group|consortium|project|lab|labs|initiative|authors)\b", re.IGNORECASE)
_SUFFIX = re.compile(r"(?i)(jr|sr)\.?|i{2,3}|iv")
_PARTICLES = {"van", "von", "der", "den", "de", "del", "della", "da", "di", "du", "la", "le", "ter", "ten", "el", "al"}


def csl_json(report: Report) -> str:
    """An array of CSL items, one for each paper the report names, by id."""
    items = [_item(arxiv_id, p.title, p.authors, p.published) for arxiv_id, p in cited_papers(report).items()]
    return json.dumps(items, indent=2, ensure_ascii=False) + "\n"


def _item(arxiv_id: str, title: str, authors: tuple[str, ...], published: date) -> dict[str, object]:
    item: dict[str, object] = {
        "id": f"arxiv-{arxiv_id.replace('/', '-')}",  # the key that references.bib gives it
        "type": "article",
        "title": plain(title),
        "author": [_name(plain(author)) for author in authors],
        "issued": {"date-parts": [[published.year, published.month, published.day]]},
        "publisher": "arXiv",
        "number": f"arXiv:{arxiv_id}",
        "DOI": f"10.48550/arXiv.{arxiv_id}",  # arXiv registers one for every paper, by this rule
        "URL": paper_url(arxiv_id),
    }
    return {name: value for name, value in item.items() if value}


def _name(author: str) -> dict[str, str]:
    """A person's name in its parts, a group's or a single name as it stands."""
    words = author.split()
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    if len(words) < 2 or _GROUP.search(author):
        return {"literal": author}
    first = next((i for i, word in enumerate(words[1:-1], 1) if word in _PARTICLES), len(words) - 1)
    parts = {"family": " ".join(words[first:]), "given": " ".join(words[:first]), "suffix": suffix}
    return {name: value for name, value in parts.items() if value}

"""Renders every cited paper as BibTeX."""

from __future__ import annotations

import re

from retest.render.text import paper_url, plain
from retest.report import Report, cited_papers

_SPECIAL = str.maketrans(
    {
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def bibliography(report: Report) -> str:
    """`references.bib`: one `@misc` for each paper the report names, by id."""
    entries = [_entry(arxiv_id, p.title, p.authors, p.published.year) for arxiv_id, p in cited_papers(report).items()]
    return "\n".join(entries)


def _entry(arxiv_id: str, title: str, authors: tuple[str, ...], year: int) -> str:
    fields = {
        "title": f"{{{_tex(title)}}}",  # a second pair of braces keeps the capitals of names
        "author": " and ".join(map(_tex, authors)),
        "year": str(year),
        "eprint": arxiv_id,
        "archivePrefix": "arXiv",
        "url": paper_url(arxiv_id),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{arxiv-{arxiv_id.replace('/', '-')},\n{lines}}}\n"


def _tex(text: str) -> str:
    """Plain text for TeX; maths between dollars stays as it is, and a lone dollar is escaped."""
    pieces = re.split(r"(\$[^$]+\$)", plain(text))
    return "".join(piece if index % 2 else _escaped(piece) for index, piece in enumerate(pieces))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\textbackslash ").translate(_SPECIAL).replace("$", r"\$")

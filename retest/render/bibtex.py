"""Renders every cited paper as BibTeX."""

from __future__ import annotations

import re

from retest.render.text import paper_url, plain
from retest.report import Report, cited_papers

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "$": r"\$",
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "_": r"\_",
        "{": r"\textbraceleft{}",  # BibTeX counts braces, escaped or not: a lone one would end the field
        "}": r"\textbraceright{}",
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
        "author": " and ".join(map(_author, authors)),
        "year": str(year),
        "eprint": arxiv_id,
        "archivePrefix": "arXiv",
        "url": paper_url(arxiv_id),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{arxiv-{arxiv_id.replace('/', '-')},\n{lines}}}\n"


def _author(name: str) -> str:
    """A name; one that holds BibTeX's own `and` is kept whole by braces."""
    return f"{{{_tex(name)}}}" if re.search(r"\band\b", name) else _tex(name)


_MATHS = re.compile(
    r"(\$(?:[\w ^+\-=<>.,:;()\[\]|/*'!{}]|\\(?:alpha|beta|gamma|delta|epsilon|varepsilon|eta|theta|kappa|lambda|mu|nu|xi|pi"
    r"|rho|sigma|tau|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Sigma|Phi|Psi|Omega|mathcal|mathbb|mathbf|mathrm"
    r"|mathsf|text|textit|textbf|rm|bf|it|cal|ell|infty|times|cdot|pm|sim|approx|equiv|neq|leq|le|geq|ge|ll|gg|to|rightarrow"
    r"|leftarrow|circ|star|dagger|prime|log|exp|min|max|sqrt|frac|hat|bar|tilde|vec|in|subset|cup|cap|sum|prod|partial|nabla"
    r"|forall|exists|langle|rangle|[,;:! %&#_])(?![A-Za-z]))+\$)"
)
"""Maths of commands that only draw. Any other (`\\input`, `\\write`) would run when the bibliography is typeset."""


def _tex(text: str) -> str:
    """Plain text for TeX; maths between dollars stays as it is where it is harmless, and any other dollar is escaped."""
    pieces = _MATHS.split(plain(text))
    return "".join(
        piece if index % 2 and _is_balanced(piece) else _escaped(piece) for index, piece in enumerate(pieces)
    )


def _is_balanced(maths: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", maths):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)

"""Builds HTML in which a word from outside can only ever be text."""

from __future__ import annotations

from html import escape

from retest.render.text import paper_url, plain

_VOID = {"input", "link", "meta", "br"}


class Html(str):
    """Markup that this module made; every other string is escaped on its way in."""


def tag(name: str, /, *children: str | None, **attributes: str | bool | int | None) -> Html:
    """An element. Attributes: `class_` for `class`, `data_x` for `data-x`, True for a bare one, None or False for none."""
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: str | None, between: str = "") -> Html:
    """The children after each other; None is left out."""
    return Html(between.join(text(child) for child in children if child is not None))


def text(words: str) -> Html:
    """Words as text, without characters that cannot be seen; spaces run together, and markup stays as it is."""
    if isinstance(words, Html):
        return words
    first, last = (" " if end.isspace() else "" for end in (words[:1], words[-1:]))
    return Html(f"{first}{escape(plain(words))}{last if plain(words) else ''}")


def paper(arxiv_id: str, title: str | None = None) -> Html:
    """A link to a paper, under its title or its id."""
    return tag("a", title or f"arXiv:{arxiv_id}", href=paper_url(arxiv_id))


def _attribute(key: str, value: str | bool | int | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(plain(str(value)))}"'

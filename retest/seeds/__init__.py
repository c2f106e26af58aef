"""Reads inquiring-line documents: question, gloss, essay, notes, research prompt, next lines.

Three forms are understood. Two captures of the site: blank-line separated under the kicker `INQUIRING LINE`,
and compact, with neither kicker nor blank lines. And the plain form a person writes: a heading with the question
over a list of `- claim (NAME, ~2024)`. Each may carry Markdown marks.
"""

from __future__ import annotations

from retest.seeds.arxiv_ids import arxiv_ids_in, without_ids
from retest.seeds.document import parse_seed
from retest.seeds.files import SIZE_LIMIT, find_seeds, read_seed
from retest.seeds.names import display_names, unique_stems
from retest.seeds.titles import fold, short_title

__all__ = [
    "SIZE_LIMIT",
    "arxiv_ids_in",
    "display_names",
    "find_seeds",
    "fold",
    "parse_seed",
    "read_seed",
    "short_title",
    "unique_stems",
    "without_ids",
]

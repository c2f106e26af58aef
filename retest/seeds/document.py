"""A whole document as a seed: chooses the form by its headings, and puts the site's form together.

A "Sources" heading makes it a capture of the site, where notes have titles that the essay cites; without one it is the
plain form.
"""

from __future__ import annotations

from retest.models import Seed
from retest.seeds.essay import paragraphs, sentences
from retest.seeds.lines import lines_of
from retest.seeds.names import stem_of
from retest.seeds.notes import notes_of
from retest.seeds.parts import Parts, next_lines, parts_of, question_of
from retest.seeds.plain import plain_seed
from retest.seeds.prompt import research_prompt
from retest.seeds.titles import citations_in


def parse_seed(text: str, name: str) -> Seed:
    """The seed that `text` holds; `name` is the file as reports print it. Raises InputError: line, want, remedy."""
    parts = parts_of(lines_of(text), name)
    return _site_seed(parts, name) if parts.sources else plain_seed(parts, name)


def _site_seed(parts: Parts, name: str) -> Seed:
    assert parts.sources is not None
    question, rest = question_of(parts.head, parts.sources.number, name)
    notes = notes_of(parts, name)
    titles = [note.title for note in notes]
    body = paragraphs(rest)
    gloss = body.pop(0).text if body and not citations_in(body[0].text, titles) else ""
    told = [sentence for paragraph in body for sentence in sentences(paragraph, titles, name)]
    return Seed(
        file=name,
        stem=stem_of(name),
        question=question,
        gloss=gloss,
        essay=tuple(sentence for sentence, _ in told),
        notes=tuple(
            note.model_copy(update={"leaning": tuple(sentence for sentence, cited in told if at in cited)})
            for at, note in enumerate(notes)
        ),
        prompt=research_prompt(parts.prompt_heading, parts.prompt, name),
        next_lines=next_lines(parts.next_lines),
    )

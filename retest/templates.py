"""Texts sent to a model: read from the prompt files, filled in, papers' words fenced off as data."""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from functools import cache
from pathlib import Path

from retest.models import Value
from retest.terms import sentence_spans

USER_MARK = "<!-- user message -->"
"""Divides a prompt file: the standing instructions before it, the message made for each request after it."""
MAX_SENTENCES = 40
MAX_SENTENCE = 1000
"""Characters. No abstract comes near either bound; a text made to flood the model meets both."""

# Letters and marks that show as nothing, beyond the categories of control and format characters.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class Template(Value):
    """A prompt file. `$name` in it is a gap to be filled; a dollar sign is written `$$`."""

    name: str
    """The file's, without suffix: `judge-v1`."""
    text: str

    @property
    def digest(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def gaps(self) -> frozenset[str]:
        """Names of the gaps. Raises ValueError for a dollar sign that stands alone."""
        template = string.Template(self.text)
        if not template.is_valid():
            raise ValueError("a dollar sign in it begins no name; write $$ for one")
        return frozenset(template.get_identifiers())

    def fill(self, **values: str) -> tuple[str, ...]:
        """The file's parts, one before and one after the mark where it has one; values are not read for gaps."""
        return tuple(string.Template(part.strip()).substitute(values) for part in self.text.split(USER_MARK))


class Sentence(Value):
    """A sentence of a paper's text as the model sees it: `text[start:end]`, cleaned, is `shown`."""

    number: int
    start: int
    end: int
    shown: str


@cache
def load(name: str) -> Template:
    """The prompt file of that name."""
    return Template(name=name, text=(_folder() / f"{name}.md").read_text(encoding="utf-8"))


def _folder() -> Path:
    """`retest/prompts` of an installed wheel, `prompts` of a checkout."""
    package = Path(__file__).parent
    installed = package / "prompts"
    return installed if installed.is_dir() else package.parent / "prompts"


def clean(text: str) -> str:
    """The text on one line, without the characters that a reader cannot see."""
    spaced = "".join(" " if character.isspace() else character for character in unicodedata.normalize("NFC", text))
    seen = "".join(character for character in spaced if unicodedata.category(character) not in _DROPPED)
    return " ".join(_INVISIBLE.sub("", seen).split())


def cut(text: str, limit: int) -> str:
    """The cleaned text, no longer than `limit` characters, ending at a word with `…` where it was longer."""
    whole = clean(text)
    if len(whole) <= limit:
        return whole
    head = whole[: limit - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:.–-") + "…"


def sentences(text: str) -> list[Sentence]:
    """The sentences of a paper's text that hold a word, numbered from 1."""
    shown = ((start, end, cut(text[start:end], MAX_SENTENCE)) for start, end in sentence_spans(text))
    worded = [row for row in shown if any(character.isalnum() for character in row[2])]
    return [
        Sentence(number=number, start=start, end=end, shown=words)
        for number, (start, end, words) in enumerate(worded[:MAX_SENTENCES], 1)
    ]


def fence(label: str, lines: list[str]) -> str:
    """Lines of data between two marks that the data cannot forge.

    Every line is cleaned, so it holds no line break and cannot begin a line `END`. The code is a hash of
    the data, not a random number: the same data gives the same request, which caches and tests rely on,
    and a text that wanted to hold its own code would have to be a fixed point of SHA-256.
    """
    body = "\n".join(clean(line) for line in lines)
    code = hashlib.sha256(f"{label}\n{body}".encode()).hexdigest()[:16]
    return f"BEGIN {label} {code}\n{body}\nEND {label} {code}"

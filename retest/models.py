"""The values that flow from seeds to report: frozen, small, each with its provenance inside."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Stance = Literal["supports", "relaxes", "overturns", "neutral"]
Voice = Literal["asserted", "reported"]
State = Literal["upheld", "relaxed", "overturned", "contested", "untested", "unreachable"]
Durability = Literal["durable", "perishable"]
Absence = Literal["nothing newer found", "could not judge", "could not search", "nothing to check"]
Cause = Literal[
    "first audit",
    "new paper",
    "new version",
    "withdrawn",
    "judge or prompt changed",
    "source changed",
    "seed edited",
    "evidence weighed anew",
]
"""Why a verdict changed."""
FindingKind = Literal[
    "unanchored", "year", "misstated", "numbers", "anchor-unlike",  # of a claim
    "anchor-unresolved", "anchor-title", "anchor-author", "anchor-unused", "anchor-missing",  # of an id, an anchor line
    "drift", "answered",  # of an essay
]  # fmt: skip
FoundBy = Literal["id in the note", "anchor line", "search"]
FidelityStatus = Literal["faithful", "misstated", "unchecked"]
TextKind = Literal["abstract", "digest"]
DatedBy = Literal["anchor", "stated", "undated"]


class Value(BaseModel):
    """A frozen value; an unknown field is an error, so a misspelt one cannot pass."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- seeds -----------------------------------------------------------------------------------------


class Place(Value):
    """Where something stands: `line` counts from 1 in `file`, the seed's path as reports print it."""

    file: str
    line: int


class Period(Value):
    """Years a seed states for a claim, both ends included: `~2024` is 2024 to 2024."""

    first: int
    last: int
    text: str
    """As written, `~2024–2025`."""


class Sentence(Value):
    """A sentence of an essay that leans on a note."""

    place: Place
    text: str


class Note(Value):
    """A source of an essay: its title (a question) with its summary."""

    title: str
    text: str
    place: Place
    """Of the title."""
    stated: Period | None = None
    """Only the plain form `- claim (NAME, ~2024)` states one."""
    names: tuple[str, ...] = ()
    """`NAME` of the plain form."""
    leaning: tuple[Sentence, ...] = ()
    """The essay's sentences that cite this note, in order."""


class Bullet(Value):
    """A claim of a seed's own research prompt, without its bracket `(NAME, ~YEAR)`."""

    text: str
    names: tuple[str, ...]
    stated: Period | None
    place: Place


class AnchorLine(Value):
    """A line `arXiv:ID (YEAR) — Title` of a seed's research prompt: stated, not yet verified."""

    arxiv_id: str
    year: int | None
    title: str
    place: Place


class ResearchPrompt(Value):
    """The prompt a seed carries, split into its parts."""

    role: str
    bullets: tuple[Bullet, ...]
    anchor_lines: tuple[AnchorLine, ...]
    tasks: tuple[str, ...]
    place: Place


class Seed(Value):
    """One inquiring-line document."""

    file: str
    stem: str
    """Unique among the seeds of a run; names the report."""
    question: str
    gloss: str
    essay: tuple[Sentence, ...]
    """Every sentence of the essay, in order."""
    notes: tuple[Note, ...]
    prompt: ResearchPrompt | None = None
    next_lines: tuple[str, ...] = ()


# --- claims ----------------------------------------------------------------------------------------


class Claim(Value):
    """What is re-tested: a note, however many seeds cite it, or a prompt's bullet that restates no note."""

    id: str
    aliases: tuple[str, ...] = ()
    """Ids under which earlier runs knew it."""
    title: str
    text: str
    places: tuple[Place, ...]
    """One per seed that carries it, sorted."""
    leaning: tuple[Sentence, ...] = ()
    """The blast radius: essay sentences that cite it."""
    stated: Period | None = None
    covers: Period | None = None
    """The years that its text says it looks back on: `a 2020–2025 systematic review`."""
    names: tuple[str, ...] = ()
    restated: tuple[Bullet, ...] = ()
    """Prompt bullets joined to it."""
    variants: tuple[Note, ...] = ()
    """The same note told in other words by other seeds."""
    arxiv_ids: tuple[str, ...] = ()
    """Ids written in the note itself."""
    anchor_lines: tuple[AnchorLine, ...] = ()
    """Anchor lines of the seeds that carry it; which of them is its anchor is still to be found out."""

    @property
    def period(self) -> Period | None:
        """The years that date it where no paper does."""
        return self.stated or self.covers


# --- papers ----------------------------------------------------------------------------------------


_TAKEN_BACK = re.compile(
    r"\b(?:this|the) (?:\w+ )?(?:paper|article|submission|work|manuscript|preprint|version) (?:has been|have been|is|was)"
    r" (?:temporarily )?withdrawn(?! (?:from|after|and (?:re)?submitted))\b"
    r"|\b(?:we|the authors?|i) (?:\w+ ){0,4}(?:withdraw|withdrawn|withdrew) (?:this|the|our) (?:\w+ )?"
    r"(?:paper|article|submission|work|manuscript|preprint)\b",
    re.IGNORECASE,
)
_REMARKED = re.compile(
    r"\s*(?:(?:paper|article|submission|manuscript|preprint) )?withdrawn(?! (?:from|submission))\b", re.IGNORECASE
)


class Paper(Value):
    """A record of a paper source."""

    arxiv_id: str
    """Without version, `2305.11383` or `cs/0112017`."""
    title: str
    authors: tuple[str, ...] = ()
    """Empty where the record has none."""
    published: date
    """Of v1."""
    updated: date | None = None
    categories: tuple[str, ...] = ()
    """The primary one first."""
    text: str
    """The abstract, or the catalogue's digest: `text_kind` says which. Quotes are located in it."""
    text_kind: TextKind = "abstract"
    version: int = 1
    comment: str = ""
    """The authors' remark; of a withdrawn paper it says so."""

    @property
    def is_withdrawn(self) -> bool:
        """Whether its authors or arXiv have taken it back; the record stays, with a remark or without a text."""
        opening = self.text[:300]
        return bool(
            _REMARKED.match(self.comment)
            or _REMARKED.match(opening)
            or _TAKEN_BACK.search(self.comment)
            or _TAKEN_BACK.search(opening)
        )


class Suggestions(Value):
    """The words in which newer papers may speak, by a scout: they search and compare, and are never printed as findings."""

    searches: tuple[str, ...] = ()
    """As titles are worded; their words stand among the queries that reports print."""
    findings: tuple[str, ...] = ()
    """Sentences of abstracts that a scout can imagine, to be compared with real ones."""


class Likeness(Value):
    """A claim as papers are compared with it."""

    title: str
    text: str
    anchor_title: str = ""
    """Empty for a claim without an anchor."""
    anchor_text: str = ""
    suggested: Suggestions = Suggestions()


class Query(Value):
    """What is asked of a paper source: any of `terms`, published in the closed range of days."""

    terms: tuple[str, ...]
    """Words, or phrases of several words, the most telling first."""
    after: date | None = None
    """The first day that counts; None: no lower bound."""
    before: date
    """The last day that counts."""
    limit: int = 100
    like: Likeness | None = None
    """What the papers should be about, in place of `terms`; a source that compares no meanings finds nothing by it."""


class Hit(Value):
    """A paper that answers a query; `score` is higher for better, comparable within one answer only."""

    paper: Paper
    score: float


# --- anchors ---------------------------------------------------------------------------------------


class Anchor(Value):
    """A paper that a claim summarises."""

    paper: Paper
    score: float
    """0 to 1: how much of the claim its title, authors and text account for."""
    found_by: FoundBy


class Anchored(Value):
    """The claim's papers, best first, never empty."""

    kind: Literal["anchored"] = "anchored"
    anchors: tuple[Anchor, ...]


class Unanchored(Value):
    """No paper could be called the claim's own."""

    kind: Literal["unanchored"] = "unanchored"
    reason: str


Anchoring = Annotated[Anchored | Unanchored, Field(discriminator="kind")]


class Finding(Value):
    """An error or doubt about a seed, at its line."""

    kind: FindingKind
    message: str
    file: str
    line: int


class Fidelity(Value):
    """Does the claim say what its anchor says?"""

    status: FidelityStatus
    notes: tuple[str, ...] = ()


# --- evidence --------------------------------------------------------------------------------------


class Judgement(Value):
    """A judge's answer for one pair of claim and paper; the quote is not yet located."""

    kind: Literal["judged"] = "judged"
    stance: Stance
    voice: Voice = "asserted"
    strength: int = Field(default=1, ge=1, le=3)
    quote: str = ""
    reason: str = ""


class Abstained(Value):
    """The judge read the pair and could not tell."""

    kind: Literal["abstained"] = "abstained"
    reason: str
    quote: str = ""
    """The sentence it could not place, for a person to read."""
    nearness: float = 0.0
    """How likely it bears on the claim at all, as log-odds: only for the order in which a person reads."""


class NotJudged(Value):
    """There is no usable answer: the endpoint failed, or the reply did not parse or quoted nothing."""

    kind: Literal["not judged"] = "not judged"
    reason: str


Answer = Annotated[Judgement | Abstained | NotJudged, Field(discriminator="kind")]


class Quote(Value):
    """A passage where it stands: `paper.text[start:end] == text`."""

    text: str
    start: int
    end: int


class Evidence(Value):
    """A stance with a located quote."""

    paper: Paper
    stance: Stance
    voice: Voice
    strength: int
    quote: Quote
    reason: str


NOT_JUDGED = "not judged: "
"""How the reason of an unplaced paper begins that got no usable answer at all."""
UNQUOTED = f"{NOT_JUDGED}the quote it gave does not stand in the paper"
"""So it begins where the judge has answered with words that the paper does not hold."""


class Unplaced(Value):
    """A candidate near the claim whose bearing nobody could tell: worth a person's eye, counted for nothing."""

    paper: Paper
    reason: str
    quote: Quote | None = None


# --- verdicts --------------------------------------------------------------------------------------


class Verdict(Value):
    """Where a claim stands."""

    durability: Durability
    state: State
    confidence: float = Field(ge=0, le=1)
    absence: Absence | None = None
    """Why there is no verdict, where `state` is `untested` or `unreachable`."""
    rationale: str
    durable_question: str
    perishable_limitation: str


class Search(Value):
    """What was asked and looked at for a claim."""

    queries: tuple[str, ...]
    found: int
    """Newer papers that answered."""
    judged: int


class Outcome(Value):
    """Everything one branch of the graph found out about one claim."""

    claim: Claim
    anchoring: Anchoring
    effective_date: date
    dated_by: DatedBy
    fidelity: Fidelity
    findings: tuple[Finding, ...]
    search: Search
    evidence: tuple[Evidence, ...]
    """Newer than the claim, the strongest first."""
    at_birth: tuple[Evidence, ...] = ()
    """Older than the claim and already against it."""
    unplaced: tuple[Unplaced, ...] = ()
    verdict: Verdict
    withdrawn: tuple[str, ...] = ()
    """Ids that an earlier run cited and that have been withdrawn since."""
    ranked: tuple[str, ...] = ()
    """Ids of the newer papers, best first, as far as `retest eval` reads them; no report prints them."""
    pairs: dict[str, str] = Field(default_factory=dict)
    """The ledger's key of each paper that was put to the judge, by its id; no report prints them."""
    failure: str = ""
    """Why the branch could not finish; the verdict is then the earlier one, or `unreachable`."""

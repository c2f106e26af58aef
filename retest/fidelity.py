"""Holds what a claim says against what its own papers say, by their words alone: numbers, hedges, direction, population.

The abstract or digest is all we have, and words are all we compare, so most claims stay `unchecked`.
`misstated` needs a passage of the paper that speaks of the same thing and differs; both are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise

from retest.models import Anchoring, Claim, Fidelity, Paper, Value
from retest.terms import (
    Number,
    coverage,
    names,
    numbers,
    profile,
    sentence_spans,
    stem,
    stems,
    weight,
    words,
)

SAME_MATTER = 0.5
"""Least share of a sentence's telling words in another one that speaks of the same matter."""
SAID = 0.7
"""Least share of every sentence of a faithful claim in its papers' text."""


class Difference(Value):
    """Something that the claim tells otherwise than its paper."""

    kind: str
    """`number`, `comparison`, `setting`, `hedge`, `direction`, `population`."""
    message: str
    is_certain: bool = True
    """False where the paper's text, as we have it, leaves it open."""


def fidelity(claim: Claim, anchoring: Anchoring) -> Fidelity:
    """Does the claim say what its papers say? With the differences seen, or what could not be checked."""
    if anchoring.kind == "unanchored":
        return Fidelity(status="unchecked", notes=("it has no anchor to be held against",))
    papers = [anchor.paper for anchor in anchoring.anchors]
    found = differences(claim, papers)
    certain = tuple(difference.message for difference in found if difference.is_certain)
    if certain:
        return Fidelity(status="misstated", notes=certain)
    notes = (*(difference.message for difference in found), *_absent_numbers(claim, papers))
    if notes:
        return Fidelity(status="unchecked", notes=notes)
    if _says_the_same(claim, papers):
        return Fidelity(status="faithful", notes=(f"its sentences, numbers and names stand in {_text_of(papers)}",))
    return Fidelity(status="unchecked", notes=(f"its wording goes beyond {_text_of(papers)}",))


def differences(claim: Claim, papers: Sequence[Paper]) -> list[Difference]:
    """Everything that the claim tells otherwise than its papers."""
    checks = (_comparisons, _numbers, _hedges, _directions, _populations)
    return list(dict.fromkeys(chain.from_iterable(check(claim, papers) for check in checks)))


def _text_of(papers: Sequence[Paper]) -> str:
    kind = papers[0].text_kind
    return f"the {kind} of arXiv:{papers[0].arxiv_id}" if len(papers) == 1 else f"its papers' {kind}s"


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[start:end] for start, end in sentence_spans(text)]


def breaks_off(paper: Paper) -> bool:
    """Whether the record's abstract ends within a sentence, as some records' do: what it lacks it may yet say."""
    return paper.text_kind == "abstract" and not paper.text.rstrip().endswith((".", "!", "?", ")", "”", '"'))


# --- numbers ---------------------------------------------------------------------------------------

_COMPARED = re.compile(
    r"^\W*(?:vs\.?|versus|against|compared (?:with|to))\s+(?P<label>(?:[\w-]+\s+){0,4})$", re.IGNORECASE
)
_SETTING = re.compile(
    r"\b(?:low|high)[- ]resource\b|\b(?:zero|few|one)[- ]shot\b(?: [\w-]+ (?:task|setting|evaluation)s?)?"
    r"|\b[\w-]+ (?:setting|regime|scenario)s?\b",
    re.IGNORECASE,
)


def _comparisons(claim: Claim, papers: Sequence[Paper]) -> Iterator[Difference]:
    """Two numbers set side by side: does the paper compare them, and where?"""
    for sentence in sentences(claim.text):
        stated = numbers(sentence)
        for first, second in pairwise(stated):
            matched = _COMPARED.match(sentence[first.end : second.start])
            if matched and first.unit == second.unit:
                yield from _compared(claim, sentence, (first, second), matched["label"].strip(), papers)


def _compared(
    claim: Claim, sentence: str, pair: tuple[Number, Number], label: str, papers: Sequence[Paper]
) -> Iterator[Difference]:
    told = " and ".join(sentence[number.start : number.end].strip() for number in pair)
    for paper in papers:
        having = [[s for s in sentences(paper.text) if _has(s, number)] for number in pair]
        both = [s for s in having[0] if s in having[1]]
        if both:
            yield from _settings_lost(claim, told, both[0], paper)
        elif having[0] and having[1]:
            message = f"sets {told} side by side, “{sentence}”, but arXiv:{paper.arxiv_id} gives them apart: "
            yield Difference(kind="comparison", message=f"{message}“{having[0][0]}” and “{having[1][0]}”")
        elif not having[0] and not having[1]:
            yield from _label_elsewhere(claim, told, label, paper)


def _settings_lost(claim: Claim, told: str, source: str, paper: Paper) -> Iterator[Difference]:
    """The paper compares the numbers under conditions of which the claim has no word."""
    lost = _settings_not_in(source, f"{claim.title} {claim.text}")
    if lost:
        yield Difference(
            kind="setting",
            message=f"sets {told} side by side without their setting ({', '.join(lost)}): "
            f"the claim says “{claim.text}”, arXiv:{paper.arxiv_id} “{source}”",
        )


def _label_elsewhere(claim: Claim, told: str, label: str, paper: Paper) -> Iterator[Difference]:
    """The text has neither number; what it says of that with which the claim compares may still tell of a setting."""
    wanted = [word for word in stems(label) if weight(word) >= LABEL_WEIGHT]
    for source in sentences(paper.text):
        lost = _settings_not_in(source, f"{claim.title} {claim.text}")
        if len(wanted) >= 2 and set(wanted) <= set(stems(source)) and lost:
            ends = ", which breaks off," if breaks_off(paper) else ""
            yield Difference(
                kind="comparison",
                is_certain=False,
                message=f"sets {told} side by side; the {paper.text_kind} of arXiv:{paper.arxiv_id}{ends} has neither number, "
                f"and speaks of the {label} in a sentence apart and for a setting that the claim does not name "
                f"({', '.join(lost)}): “{source}”",
            )


LABEL_WEIGHT = 1.0
"""Words of less weight (`models`) do not say what a number goes with."""


def _settings_not_in(source: str, told: str) -> list[str]:
    known = set(stems(told))
    found = (match.group() for match in _SETTING.finditer(source))
    return [setting for setting in dict.fromkeys(found) if not _setting_words(setting) & known]


def _setting_words(setting: str) -> set[str]:
    plain = {"set", "regim", "scenario", "task", "evalu"}
    return {word for word in stems(setting) if word not in plain} or {""}


def _has(sentence: str, number: Number) -> bool:
    return any(_same(number, other) for other in numbers(sentence))


def _same(left: Number, right: Number) -> bool:
    return left.value == right.value and left.unit == right.unit


def _numbers(claim: Claim, papers: Sequence[Paper]) -> Iterator[Difference]:
    """A number of the claim where the paper has another one for the same thing."""
    for sentence in sentences(claim.text):
        for number in _stated(sentence):
            for paper in papers if not _is_given(number, sentence, papers) else ():
                yield from _other_number(claim, sentence, number, paper)


def _other_number(claim: Claim, sentence: str, number: Number, paper: Paper) -> Iterator[Difference]:
    own = numbers(claim.text)
    for source in sentences(_plain(paper.text)):
        given = numbers(source)
        rivals = [n for n in given if n.unit == number.unit and not any(_near(n, other) for other in own)]
        same_thing = [n for n in rivals if _counted(sentence, number) == _counted(source, n) != ""]
        in_place = rivals if any(_near(n, other) for n in given for other in numbers(sentence)) else []
        in_place = [
            n
            for n in in_place
            if len(_around(sentence, number) & _around(source, n)) >= NEIGHBOURS
            and _measure_alike(sentence, number, source, n)
        ]
        alike = coverage(profile(sentence), stems(source)) >= SAME_MATTER
        if len(rivals) == 1 and ((same_thing and alike) or in_place):
            stated, told = (text[n.start : n.end].strip() for text, n in ((sentence, number), (source, rivals[0])))
            yield Difference(
                kind="number",
                message=f"says {stated} where arXiv:{paper.arxiv_id} says {told}: “{sentence}” against “{source}”",
            )


NEIGHBOURS = 2
"""Least number of words that two numbers share among those near them, in sentences that share another number."""


def _around(sentence: str, number: Number) -> set[str]:
    before, after = sentence[: number.start].split()[-5:], sentence[number.end :].split()[:5]
    return set(stems(" ".join((*before, *after))))


def _counted(sentence: str, number: Number) -> str:
    """The stem of what a number counts or measures: the last of the words right after it, `accuracy` in `68% accuracy`."""
    following = re.split(
        r"[^\w\s'’-]|\s(?:and|of|in|on|for|with|at|by|to|from|that|which|while|vs)\b", sentence[number.end :]
    )[0]
    found = stems(" ".join(following.split()[:4]))
    return found[-1] if found else ""


_PHRASE = re.compile(r"[,;:()—]|[.]\s|\b(?:and|with|while|but|whereas|at|on|in|for|than|vs)\s")


def _measure_alike(sentence: str, number: Number, source: str, other: Number) -> bool:
    """Whether two numbers measure the same by the words in their phrase: 2x less memory is no 3x faster."""
    (before, after), (before_other, after_other) = _phrase(sentence, number), _phrase(source, other)
    if after and after_other:
        return after == after_other or any(not _DEGREE.fullmatch(word) for word in after & after_other)
    return any(not _DEGREE.fullmatch(word) for word in (before | after) & (before_other | after_other))


def _phrase(sentence: str, number: Number) -> tuple[set[str], set[str]]:
    """The stems near a number in its own phrase, before and after it."""
    before, after = _PHRASE.split(sentence[: number.start])[-1], _PHRASE.split(sentence[number.end :])[0]
    return set(stems(before)[-3:]), set(stems(after)[:3])


def _stated(sentence: str) -> list[Number]:
    """Numbers that a reader would hold against the paper: no years, and no small counts of things in the note itself."""
    return [
        n for n in numbers(sentence) if n.unit or (n.value > 12 and not (1990 <= n.value <= 2035 and n.value % 1 == 0))
    ]


def _is_given(number: Number, told: str, papers: Sequence[Paper]) -> bool:
    """Whether a number of the text `told` stands in the papers', by its value or as it is written.

    Its unit is left out, for TeX hides units (`28.64$%$`); `8B` may be a part of a name.
    """
    written = told[number.start : number.end].strip().casefold()
    texts = [_plain(f"{paper.title} {paper.text}") for paper in papers]
    return any(_near(number, other) or written in text.casefold() for text in texts for other in numbers(text))


_SCALE = re.compile(r"(?<=\d)[ -](million|billion|thousand)\b", re.IGNORECASE)


def _plain(text: str) -> str:
    """Without TeX's commas (`1{,}400`), and `3-Million` as `3 million`."""
    return _SCALE.sub(lambda match: f" {match[1].lower()}", text.replace("{,}", ","))


def _near(left: Number, right: Number) -> bool:
    """The same value, or one rounded to the other's places."""
    places = min(_places(left.value), _places(right.value))
    return round(left.value, places) == round(right.value, places)


def _places(value: float) -> int:
    return len(f"{value:g}".partition(".")[2])


def _absent_numbers(claim: Claim, papers: Sequence[Paper]) -> Iterator[str]:
    absent = [claim.text[n.start : n.end].strip() for n in _stated(claim.text) if not _is_given(n, claim.text, papers)]
    if absent:
        ends = ", which breaks off" if any(map(breaks_off, papers)) else ""
        yield f"{', '.join(dict.fromkeys(absent))}: not in {_text_of(papers)} as we have it{ends}"


# --- hedges ----------------------------------------------------------------------------------------

HEDGE = re.compile(
    r"\b(?:may|might|tends? to|suggest(?:s|ing|ed)?|appears? to|seems? to|not necessarily|not always|often|sometimes|possibly"
    r"|partly|partially|likely|in (?:some|many|most|certain) (?:case|task|setting|domain|model|scenario|condition|benchmark)s)\b",
    re.IGNORECASE,
)
"""Words by which a paper holds back."""
_HELD_BACK = re.compile(
    r"\b(?:may|might|could|can|tend\w*|suggest\w*|appear\w*|seem\w*|not necessarily|not always|often|sometimes|possibl[ey]|perhaps"
    r"|part(?:ly|ially)|likely|largely|mostly|mainly|usually|typically|generally|nearly|almost|some|many|most|certain|about"
    r"|in part|on average|hint\w*|indicat\w*|argue\w*)\b",
    re.IGNORECASE,
)
HEDGED_SHARE = 0.7
"""Least share of what a hedge is about in a claim that lost the hedge."""


def is_hedged(sentence: str) -> bool:
    """Whether a sentence holds back anywhere."""
    return bool(_HELD_BACK.search(sentence))


def hedged(sentence: str) -> Iterator[tuple[str, list[str]]]:
    """Each hedge of a sentence with the stems it is about: the few before and after it."""
    for match in HEDGE.finditer(sentence):
        before = stems(re.split(r"[,;:—(]", sentence[: match.start()])[-1])[-3:]
        after = stems(re.split(r"[,;:—)]", sentence[match.end() :])[0])[:4]
        yield match.group(), [*before, *after]


def _hedges(claim: Claim, papers: Sequence[Paper]) -> Iterator[Difference]:
    """What the paper holds back on, told flat."""
    for sentence in sentences(claim.text):
        if is_hedged(sentence):
            continue
        told = set(stems(sentence))
        for paper in papers:
            for source in _nearest(sentence, _findings(paper)):
                for hedge, about in hedged(source):
                    if len(about) >= 4 and coverage({w: weight(w) for w in about}, told) >= HEDGED_SHARE:
                        yield Difference(
                            kind="hedge",
                            message=f"loses a hedge (“{hedge}”): the claim says “{sentence}”, arXiv:{paper.arxiv_id} “{source}”",
                        )


def _nearest(sentence: str, sources: Sequence[str]) -> list[str]:
    """The source that has most of a sentence's telling words: a hedge on another matter is not the sentence's."""
    wanted = profile(sentence)
    return sorted(sources, key=lambda source: coverage(wanted, stems(source)), reverse=True)[:1]


_OWN = re.compile(r"\b(?:we|our|results?|experiments?|findings?|authors?)\b", re.IGNORECASE)


def _findings(paper: Paper) -> list[str]:
    """The sentences that tell what a paper found: its text without the opening, which tells what everybody knows."""
    told = sentences(paper.text)
    return [s for at, s in enumerate(told) if paper.text_kind == "digest" or at >= len(told) / 3 or _OWN.search(s)]


# --- direction -------------------------------------------------------------------------------------

_TURNS = {
    "amount": (
        "increase raise boost amplify grow expand rise double",
        "decrease reduce lower shrink diminish decline drop cut halve suppress",
    ),
    "quality": ("improve enhance help benefit strengthen", "degrade hurt harm worsen impair weaken damage erode"),
}
_UP_OR_DOWN = {
    stem(word): (kind, sign)
    for kind, sides in _TURNS.items()
    for sign, side in zip((1, -1), sides, strict=True)
    for word in side.split()
}
_TURNED = frozenset("not no never without neither nor cannot fail fails failed rather than less avoid prevent".split())  # noqa: SIM905

_ABSENT = re.compile(
    r"\b(?:remov|ablat|disabl|omit|omission|eliminat|exclud|exclusion|delet|discard|withh[oe]ld|withdraw|deactivat|knock)\w*"
    r"|\b(?:lack|lacks|lacking|absence|absent|missing|insufficient|scarce|scarcity|fewer|drop-?out|dropping|turn\w* off)\b"
    r"|\bwithout\b(?!\s+(?:hurt|harm|degrad|sacrific|los|compromis|affect|chang|increas|reduc|impair)\w*ing\b)"
    r"|(?:^\W*|\b(?:that|when|while|after|by|if|how|and)\s+)(?:\w+ly\s+)?"
    r"(?:decreas|reduc|lower|shrink|diminish|cutt|halv|suppress|weaken|impair)ing\b",
    re.IGNORECASE,
)
"""By these a sentence tells of what happens when something is gone, not of what that something does."""


def moves(sentence: str) -> Iterator[tuple[str, str, int]]:
    """What a sentence says goes up or down: (`amount` or `quality`, the stem it is about, 1 or -1); negated ones left out."""
    run = words(sentence)
    for at, word in enumerate(run):
        kind, sign = _UP_OR_DOWN.get(stem(word), ("", 0))
        if sign and not _TURNED.intersection(run[max(0, at - 3) : at]):
            about = next((s for s in map(_telling_stem, run[at + 1 : at + 3]) if s), "")
            if about:
                yield kind, about, sign


def _telling_stem(word: str) -> str:
    found = stems(word)
    return found[0] if found and weight(found[0]) >= 2.0 and found[0] not in _UP_OR_DOWN else ""


def _directions(claim: Claim, papers: Sequence[Paper]) -> Iterator[Difference]:
    """Up in the claim, down in a clause of the paper on the same matter, and nowhere up in it.

    What goes up where something is taken away may go down by it: such a sentence speaks against no claim, nor a claim by it.
    """
    for paper in papers:
        clauses = [(clause, source) for source in sentences(paper.text) for clause in re.split(r"[,;:—]\s", source)]
        given = {move for clause, _ in clauses for move in moves(clause)}
        clauses = [(clause, source) for clause, source in clauses if not _ABSENT.search(source)]
        against = {move for clause, _ in clauses for move in moves(clause)}
        for sentence in sentences(claim.text):
            told = set() if _ABSENT.search(sentence) else set(moves(sentence))
            for kind, about, sign in sorted(told):
                reversed_ = (kind, about, -sign)
                if (kind, about, sign) in given or reversed_ not in against or reversed_ in told:
                    continue
                clause, source = next((c, s) for c, s in clauses if reversed_ in moves(c))
                if coverage(profile(clause), stems(sentence)) >= SAME_MATTER:
                    yield Difference(
                        kind="direction",
                        message=f"tells the opposite direction: the claim says “{sentence}”, arXiv:{paper.arxiv_id} “{source}”",
                    )


# --- population ------------------------------------------------------------------------------------

_FAMILIES = {
    "gpt": (r"\w*GPT", "gpt|davinci|codex"),
    "llama": (r"\w*(?:Llama|LLaMA|LLAMA)|Vicuna", "llama|vicuna|alpaca|guanaco|koala|wizardlm|llava"),
    "qwen": ("Qwen|QWEN", "qwen|qwq"),
    "claude": ("Claude", "claude"),
    "gemini": ("Gemini", r"gemini|\bbard\b"),
    "gemma": ("Gemma", "gemma"),
    "mistral": ("Mistral", "mistral|mixtral|zephyr"),
    "mixtral": ("Mixtral", "mixtral|mistral"),
    "deepseek": ("DeepSeek|Deepseek", "deepseek"),
    "falcon": ("Falcon", "falcon"),
    "bert": (r"(?:\w*[a-z]|AL)?BERT|(?:Ro|De)BERTa", "bert"),
    "t5": (r"(?:\w*[a-z])?T5", r"t5|\bflan\b"),
    "opt": ("OPT", r"\bopt"),
    "bloom": (r"BLOOMZ?|Bloom(?=-?\d)", "bloom"),
    "palm": ("PaLM", r"palm|\bbard\b|\bflan\b"),
    "phi": (r"[Pp]hi(?=-\d)", r"\bphi"),
    "olmo": ("OLMo|OLMO", "olmo"),
    "pythia": ("Pythia", "pythia"),
}
"""Model families: as their models' names are written, and anything that may stand for one."""
_TONGUES = "English Chinese German French Spanish Arabic Hindi Japanese Korean Russian Portuguese Italian Swahili"
_KINDS = {"model family": _FAMILIES, "language": {t.casefold(): (t, t.casefold()) for t in _TONGUES.split()}}
_ALSO_WORDS = re.compile(r"(?:Llama|Mistral|Falcon|Vicuna)$")
"""Names that are also words: at a sentence's head a capital letter tells nothing of them."""
_ALSO_NAMES = re.compile(r"(?:Claude|Gemini|Gemma|Mistral|Falcon|Pythia)$")
"""Names that are also people's or things': `Claude Shannon`, `Falcon Heavy`."""
_OF_A_MODEL = re.compile(r"[- ]?\d|-|\s(?:models?|family|series|(?:Opus|Sonnet|Haiku|Instant|Pro|Ultra|Flash|Chat)\b)")


def _populations(claim: Claim, papers: Sequence[Paper]) -> Iterator[Difference]:
    """The claim names models or languages, its papers name others, and nothing that may stand for one of the claim's."""
    if any(map(breaks_off, papers)):
        return
    for kind, listed in _KINDS.items():
        told = _members(claim.text, listed)
        texts = [f"{paper.title}. {paper.text}" for paper in papers]
        given = set().union(*(_members(text, listed) for text in texts))
        loosely = "|".join(listed[name][1] for name in told)
        if told and given and not any(re.search(loosely, text, re.IGNORECASE) for text in texts):
            yield Difference(
                kind="population",
                message=f"names another {kind} ({', '.join(sorted(told))}) than {_text_of(papers)} ({', '.join(sorted(given))}): "
                f"“{claim.text}”",
            )


def _members(text: str, listed: Mapping[str, tuple[str, str]]) -> set[str]:
    """What a text names of those listed, written as a name: readers opt, and Bloom's taxonomy is no model's."""
    return {member for member, (written, _) in listed.items() if any(_is_named(written, s) for s in sentences(text))}


def _is_named(written: str, sentence: str) -> bool:
    """Whether a sentence has the name as it is written, neither a possessive, a longer name's part nor just a first word."""
    for match in re.finditer(rf"(?<![^\W_])(?:{written})s?(?![^\W\d_]|['’])", sentence):
        after = sentence[match.end() :]
        is_first = _ALSO_WORDS.match(match.group()) and not re.search(r"\w", sentence[: match.start()])
        is_another = _ALSO_NAMES.match(match.group()) and re.match(r"\s[A-Z][a-z]", after)
        if _OF_A_MODEL.match(after) or not (is_first or is_another):
            return True
    return False


# --- faithful --------------------------------------------------------------------------------------


def _says_the_same(claim: Claim, papers: Sequence[Paper]) -> bool:
    """Every sentence's telling words and every name of the claim stand in its papers' text, denied where it denies.

    Words alone do not tell who beats whom: a sentence that can be turned round needs one of the papers' in its own order.
    """
    told = [word for paper in papers for word in stems(f"{paper.title} {paper.text}")]
    sources = [source for paper in papers for source in sentences(paper.text)]
    said = (
        coverage(profile(sentence), told) >= SAID
        and all(_denies(s) == _denies(sentence) and _lacks(s) == _lacks(sentence) for s in _nearest(sentence, sources))
        and not _is_turned(sentence, sources)
        for sentence in sentences(claim.text)
    )
    return all(said) and _all_in(names(claim.text), told)


_COMPARING = re.compile(
    r"\b(?:(?:(?:outperform|outscor|outrank|outweigh|exceed|surpass|prefer|trail|preced)\w*|beat|beats|beaten"
    r"|(?:favou?r|caus|induc)(?:e|ed|es|s|ing)?)(?:\s+by(?!\s+\d))?|before|after|until|than|versus|vs|instead)\b",
    re.IGNORECASE,
)
"""Words that set one thing against another: the same words turned round say something else."""
_DEGREE = re.compile(
    r"\b(?:more|less|fewer|better|worse|higher|lower|larger|smaller|bigger|longer|shorter|faster|slower|sooner|earlier|later"
    r"|stronger|weaker)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:()—]\s|\s(?:while|but|whereas)\s")
_PART = re.compile(rf"{_CLAUSE.pattern}|\s(?:and|vs\.?|versus|against|than)\s")


def _is_turned(sentence: str, sources: Sequence[str]) -> bool:
    """Whether a sentence compares, or shares out its numbers, as none of the papers' does."""
    compared = [(clause, match) for clause in _CLAUSE.split(sentence) for match in _COMPARING.finditer(clause)]
    return not (
        all(any(_compares_alike(clause, match, source) for source in sources) for clause, match in compared)
        and all(_shares_out_alike(part, sentence, sources) for part in _PART.split(sentence))
    )


def _compares_alike(clause: str, by: re.Match[str], source: str) -> bool:
    """Whether a sentence of a paper compares by the same word, with the same things before and after it."""
    before, after = stems(clause[: by.start()]), stems(clause[by.end() :])
    if coverage(profile(clause), stems(source)) < SAME_MATTER or not _degrees(clause) <= _degrees(source):
        return False
    for match in _COMPARING.finditer(source):
        first, last = stems(source[: match.start()]), stems(source[match.end() :])
        is_crossed = _only_in(before, after) & _only_in(last, first) or _only_in(after, before) & _only_in(first, last)
        if _by(by) == _by(match) and not is_crossed and _is_within([word for word in after if word in last], last):
            return True
    return False


def _by(match: re.Match[str]) -> list[str]:
    return [stem(word) for word in words(match.group())]


def _only_in(here: Sequence[str], there: Sequence[str]) -> set[str]:
    return set(here) - set(there)


def _degrees(sentence: str) -> set[str]:
    return {match.group().casefold() for match in _DEGREE.finditer(sentence)}


def _is_within(run: Sequence[str], given: Sequence[str]) -> bool:
    """Whether all of a run stands in another one in the same order, whatever stands between."""
    rest = iter(given)
    return all(word in rest for word in run)


def _shares_out_alike(part: str, sentence: str, sources: Sequence[str]) -> bool:
    """Whether each number of a part of a sentence stands in the papers without the words of another part's number."""
    own = set(stems(part))
    for number in _stated(part):
        rivals = [p for p in _PART.split(sentence) if p != part and any(n.unit == number.unit for n in _stated(p))]
        others = {word for p in rivals for word in stems(p) if not word[0].isdigit()} - own
        given = [stems(p) for s in sources for p in _PART.split(s) if any(_near(number, n) for n in numbers(p))]
        if given and all(others.intersection(told) for told in given):
            return False
    return True


def _denies(sentence: str) -> bool:
    return any(word in _DENIALS or word.endswith(("n't", "n’t")) for word in words(sentence))


def _lacks(sentence: str) -> bool:
    """Whether a sentence tells which way something goes when another thing is gone."""
    return bool(_ABSENT.search(sentence)) and any(moves(sentence))


_DENIALS = frozenset({"not", "no", "never", "neither", "nor", "cannot", "without", "none"})


def _all_in(found: Iterable[str], told: Sequence[str]) -> bool:
    return set(chain.from_iterable(map(stems, found))) <= set(told)

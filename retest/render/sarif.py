"""Renders findings and fallen claims as SARIF 2.1.0, so that a code host can annotate the seeds at their lines."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from retest import __version__
from retest.models import Finding, FindingKind
from retest.render.glance import settling
from retest.render.text import count, paper_url, plain, sentence
from retest.report import ClaimRecord, EvidenceRecord, Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_STATES = {"overturned": "warning", "contested": "note"}
_CITATIONS = {
    "cites-overturned": (
        "warning",
        "Cites an overturned claim",
        "Newer work contradicts the core of a claim that this line cites.",
    ),
    "cites-contested": ("note", "Cites a contested claim", "Newer work disagrees about a claim that this line cites."),
}
_FINDINGS: dict[FindingKind, tuple[str, str, str]] = {
    "unanchored": ("note", "Claim without a paper", "No paper could be found that the claim summarises."),
    "year": ("warning", "Wrong year", "The year that is stated is not the paper's."),
    "misstated": ("warning", "Misstated", "The claim says otherwise than its own paper."),
    "numbers": ("warning", "Numbers differ", "A number does not stand so in the claim's own paper."),
    "anchor-unlike": ("warning", "Unlikely paper", "The paper with the stated arXiv id shares little with the claim."),
    "anchor-unresolved": ("warning", "Paper not found", "No paper has the arXiv id that is stated."),
    "anchor-title": ("warning", "Other title", "The paper with the stated arXiv id has another title."),
    "anchor-author": ("warning", "Other author", "The paper with the stated arXiv id is by others."),
    "anchor-unused": ("note", "Paper of no claim", "A paper is named that no claim rests on."),
    "anchor-missing": (
        "note",
        "Claim without an anchor line",
        "None of the prompt's anchor lines is behind this claim.",
    ),
    "drift": ("note", "Told differently", "An essay does not say quite what its note says, or two notes differ."),
    "answered": (
        "note",
        "Question answered",
        "A question is called open that a paper behind one of the seed's notes answers.",
    ),
}
_RULES: Mapping[str, tuple[str, str, str]] = _CITATIONS | {str(kind): told for kind, told in _FINDINGS.items()}


def sarif(report: Report) -> str:
    """A SARIF log of one run: a result for each line that cites a fallen claim, and one for each finding."""
    results = sorted(_results(report), key=_order)
    rules = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    run = {
        "tool": {"driver": {"name": "retest", "version": __version__, "rules": [_rule(name) for name in rules]}},
        "automationDetails": {"id": "retest/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "results": results,
        "properties": {"asOf": report.as_of.isoformat(), "source": report.source, "judge": report.judge.kind},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _order(result: dict[str, Any]) -> tuple[str, int, str, str]:
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]["startLine"], result["ruleId"], result["message"]["text"]


def _rule(name: str) -> dict[str, object]:
    level, title, text = _RULES[name]
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "defaultConfiguration": {"level": level},
    }


def _results(report: Report) -> Iterator[dict[str, Any]]:
    for record in report.claims:
        if record.state in _STATES:
            yield from _citations(record)
    of_claims = [finding for record in report.claims for finding in record.findings]
    of_seeds = [finding for seed in report.seeds for finding in seed.findings]
    for finding in dict.fromkeys([*of_claims, *of_seeds]):
        yield _finding(finding)


def _citations(record: ClaimRecord) -> Iterator[dict[str, Any]]:
    """The lines of a fallen claim: the essay's sentences first among them, then the note that tells it."""
    sentences = {(item.file, item.line): item.sentence for item in record.leaning}
    for file, line in dict.fromkeys([*sentences, *((place.file, place.line) for place in record.seeds)]):
        told = "This sentence leans on" if (file, line) in sentences else "This note tells"
        text = f"{told} a claim that is {record.state}: {_said(record.title)} {_grounds(record)}"
        yield _result(
            f"cites-{record.state}", _STATES[record.state], text, file, line, record.id, sentences.get((file, line), "")
        )


def _grounds(record: ClaimRecord) -> str:
    """The paper that settled it, linked, with how many more bear on the claim."""
    paper = settling(record)
    if paper is None:
        return f"Confidence {record.confidence:.2f}."
    others = sum(item.voice == "asserted" for item in record.evidence) - 1
    rest = f", and {count(others, 'other paper')} bear{'s' if others == 1 else ''} on it" if others else ""
    return f"See {_link(paper)}{rest}. Confidence {record.confidence:.2f}."


def _link(paper: EvidenceRecord) -> str:
    url = paper_url(paper.arxiv_id)
    return f"[arXiv:{paper.arxiv_id}]({url}) of {paper.published}"


def _finding(finding: Finding) -> dict[str, Any]:
    level = _FINDINGS[finding.kind][0]
    text = _said(finding.message[:1].upper() + finding.message[1:])
    return _result(finding.kind, level, sentence(text), finding.file, finding.line, "", finding.message)


def _result(rule: str, level: str, text: str, file: str, line: int, *identity: str) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(file), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": max(line, 1)},
                }
            }
        ],
        "partialFingerprints": {"retest/v1": _fingerprint((rule, file, *identity))},
    }


def _fingerprint(parts: Iterable[str]) -> str:
    """A name for the result that lasts when lines above it come and go."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _said(text: str) -> str:
    """Untrusted words in a message, where brackets make links, braces placeholders and backslashes escapes."""
    return re.sub(r"([\\\[\]])", r"\\\1", plain(text)).replace("{", "{{").replace("}", "}}")

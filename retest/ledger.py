"""Remembers every answer of every judge, so that no pair of claim and paper is ever asked about twice.

An answer is kept under all that shaped it: the claim's words, its anchors, the paper's text, the judge,
its model, its prompts. Change one of them and it is another question. What was *not judged* is not
kept: the next run asks again. Each answer is on disk before the next is asked for.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from retest.judges import Judge
from retest.models import Answer, Claim, NotJudged, Paper, Value

_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


def digest(*parts: object) -> str:
    """A short hash of JSON-able parts, 24 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:24]


def told_of(claim: Claim, anchors: Sequence[Paper]) -> tuple[object, object]:
    """What a model is shown of a claim."""
    return (
        (claim.title, claim.text, claim.stated.text if claim.stated else ""),
        [(anchor.arxiv_id, anchor.published, anchor.title, anchor.text) for anchor in anchors],
    )


def pair_key(claim: Claim, anchors: Sequence[Paper], paper: Paper, judge: Judge) -> str:
    """The name of one question put to one judge."""
    return digest(
        *told_of(claim, anchors),
        (paper.arxiv_id, paper.version, paper.published, paper.title, paper.text_kind, paper.text),
        (judge.kind, judge.model, dict(judge.prompts)),
    )


class Entry(Value):
    """One judged pair as the output folder keeps it, a line of JSON."""

    claim: str
    paper: str
    judge: str
    """Hash of the judge's kind, model and prompts."""
    key: str
    answer: Answer


def judge_hash(judge: Judge) -> str:
    """One name for a judge with its model and prompts, 8 hexadecimal digits."""
    return digest(judge.kind, judge.model, dict(judge.prompts))[:8]


def merged_lines(earlier: Iterable[str], entries: Iterable[Entry]) -> str:
    """The ledger's text: earlier lines of the same judge, and this run's, sorted by claim and paper so that git merges it."""
    fresh = {(e.claim, e.paper, e.key): e for e in entries}
    judges = {entry.judge for entry in fresh.values()}
    for line in earlier:
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError:
            continue
        if entry.judge in judges or not judges:
            fresh.setdefault((entry.claim, entry.paper, entry.key), entry)
    return "".join(f"{fresh[name].model_dump_json()}\n" for name in sorted(fresh))


class Ledger:
    """Answers by key, in one SQLite file; None keeps them in memory only."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self.pairs_known = self.pairs_judged = 0
        """How many pairs this process found answered, and how many it put to the judge."""
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=30)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")  # survives a killed process, not a power cut
        self._connection.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL)")
        self._connection.execute("CREATE TABLE IF NOT EXISTS words (key TEXT PRIMARY KEY, words TEXT NOT NULL)")
        self._connection.commit()

    def count(self, *, known: int, judged: int) -> None:
        """Counts pairs for the run log."""
        with self._lock:
            self.pairs_known += known
            self.pairs_judged += judged

    def answers(self, keys: Iterable[str]) -> dict[str, Answer]:
        """What is known already, by key."""
        with self._lock:
            found = (
                (key, self._connection.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone())
                for key in keys
            )
            return {key: _ANSWER.validate_json(row[0]) for key, row in found if row}

    def keep(self, answers: Mapping[str, Answer]) -> None:
        """Remembers answers; what was not judged is left out."""
        rows = [
            (key, _ANSWER.dump_json(answer).decode())
            for key, answer in answers.items()
            if not isinstance(answer, NotJudged)
        ]
        with self._lock, self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", rows)

    def words(self, key: str) -> str | None:
        """Words a judge wrote for a verdict or a seed (JSON), None when it has not been asked."""
        with self._lock:
            row = self._connection.execute("SELECT words FROM words WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def keep_words(self, key: str, words: str) -> None:
        """Remembers such words."""
        with self._lock, self._connection:
            self._connection.execute("INSERT OR REPLACE INTO words VALUES (?, ?)", (key, words))

    def load(self, lines: Iterable[str]) -> None:
        """Takes in what an earlier run wrote down; what is known here already stays. Lines that are none are passed over."""
        rows = []
        for line in lines:
            try:
                entry = Entry.model_validate_json(line)
            except ValidationError:
                continue  # a merge conflict's marks, or a line of another version: the pair is asked again
            rows.append((entry.key, _ANSWER.dump_json(entry.answer).decode()))
        with self._lock, self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?)", rows)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

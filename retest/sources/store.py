"""The local library of records: everything fetched lands here, and all finding is done here."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from retest.errors import OutputError
from retest.models import Hit, Paper, Query

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 2
APPLICATION_ID = 0x72745354
"""Marks a file as ours, so that a foreign database with the same version is not taken for a library."""

BUSY_SECONDS = 30.0
TITLE_WEIGHT, TEXT_WEIGHT = 3.0, 1.0

COMMON_SHARE = 0.2
"""A word in more than this share of the records says little and costs most of a query's time."""
LARGE_LIBRARY = 10_000
"""In a smaller library no word is left out: there it costs nothing, and a share means little."""

# `shelf` repeats what every match must be filtered by, apart from the long rows: filtering 100,000
# matches by date would otherwise read 200 MB of abstracts.
_SCHEMA = """
CREATE TABLE shelf (id INTEGER PRIMARY KEY, arxiv_id TEXT NOT NULL UNIQUE, published TEXT NOT NULL);
CREATE INDEX shelf_published ON shelf (published);
CREATE TABLE papers (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, text TEXT NOT NULL, text_kind TEXT NOT NULL,
    authors TEXT NOT NULL, categories TEXT NOT NULL, updated TEXT, version INTEGER NOT NULL, comment TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5 (
    title, text, content='papers', content_rowid='id', tokenize='porter unicode61'
);
CREATE TRIGGER paper_added AFTER INSERT ON papers BEGIN
    INSERT INTO words (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER paper_changed AFTER UPDATE ON papers WHEN old.title <> new.title OR old.text <> new.text BEGIN
    INSERT INTO words (words, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
    INSERT INTO words (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER paper_removed AFTER DELETE ON papers BEGIN
    INSERT INTO words (words, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
    DELETE FROM vectors WHERE id = old.id;
END;
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, 'row');
CREATE TABLE answers (request TEXT PRIMARY KEY, arxiv_ids TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL, signature BLOB NOT NULL);
CREATE TRIGGER vector_outdated AFTER UPDATE ON papers WHEN old.title <> new.title OR old.text <> new.text BEGIN
    DELETE FROM vectors WHERE id = old.id;
END;
CREATE TABLE embedding (only INTEGER PRIMARY KEY CHECK (only = 1), model TEXT NOT NULL, dimension INTEGER NOT NULL);
CREATE TABLE harvests (
    service TEXT, collection TEXT, since TEXT, token TEXT NOT NULL, begun TEXT NOT NULL, reached TEXT NOT NULL,
    in_order INTEGER NOT NULL, finished TEXT NOT NULL, PRIMARY KEY (service, collection, since)
) WITHOUT ROWID;
"""

# Only FTS5 itself knows how it tokenises: what is put into this table is read back as its tokens.
_TOKENISER = """
CREATE VIRTUAL TABLE temp.spoken USING fts5 (term, tokenize='porter unicode61');
CREATE VIRTUAL TABLE temp.tokens USING fts5vocab ('temp', 'spoken', 'instance');
"""

_PAPER = (
    "shelf.arxiv_id, papers.title, papers.authors, shelf.published, papers.updated, papers.categories,"
    " papers.text, papers.text_kind, papers.version, papers.comment"
)


@dataclass(frozen=True)
class HarvestState:
    """How far the harvest of one set has come; days and moments as the server writes them, empty for none."""

    token: str = ""
    """Where the harvest under way goes on; empty when none is."""
    begun: str = ""
    """The server's clock when the harvest under way began."""
    reached: str = ""
    """The largest datestamp of the harvest under way."""
    in_order: bool = True
    """Whether its datestamps have only grown, so that everything before `reached` is here."""
    finished: str = ""
    """The server's clock when the last whole harvest began: nothing older is missing."""

    def in_words(self) -> str:
        """As `retest library status` prints it."""
        if self.token or self.reached:
            return f"interrupted at {self.reached or 'its beginning'}; run sync again, it goes on there"
        return f"complete as of {self.finished[:10]}" if self.finished else "not begun"


class Store:
    """A library in one SQLite file, or in memory where `path` is None.

    It may be used by several threads (one connection behind a lock) and by several processes. It is a
    cache: a file that is foreign, of another schema or cannot be opened for damage is set aside beside
    itself, said in the log, and a new one is begun. Damage that shows only later is an OutputError from
    whatever meets it: what else the file holds may still be wanted.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._shares: dict[str, float] = {}
        self._connection = _open(path)
        self._connection.executescript(_TOKENISER)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def add(self, papers: Iterable[Paper]) -> int:
        """Keep the records; returns how many of them are new or differ from what was kept.

        The newest word of the source counts, even where it is shorter than what it replaces.
        """
        with self._writing() as connection:
            changed = sum(_put(connection, paper) for paper in papers)
            if changed:
                self._shares.clear()
            return changed

    def remove(self, arxiv_ids: Iterable[str]) -> int:
        """Forget the records with these ids; returns how many there were."""
        with self._writing() as connection:
            removed = 0
            for arxiv_id in arxiv_ids:
                row = connection.execute("SELECT id FROM shelf WHERE arxiv_id = ?", [arxiv_id]).fetchone()
                if row:
                    connection.execute("DELETE FROM papers WHERE id = ?", row)
                    connection.execute("DELETE FROM shelf WHERE id = ?", row)
                    removed += 1
            if removed:
                self._shares.clear()
            return removed

    def get(self, arxiv_ids: Iterable[str]) -> dict[str, Paper]:
        """The records with these ids, in the order asked for; unknown ids are absent."""
        wanted = list(dict.fromkeys(arxiv_ids))
        with self._reading():
            rows = self._connection.execute(
                f"SELECT {_PAPER} FROM json_each(?) AS wanted JOIN shelf ON shelf.arxiv_id = wanted.value"
                " JOIN papers ON papers.id = shelf.id",
                [json.dumps(wanted)],
            ).fetchall()
        found = {paper.arxiv_id: paper for paper in map(_paper, rows)}
        return {arxiv_id: found[arxiv_id] for arxiv_id in wanted if arxiv_id in found}

    def find(self, query: Query) -> list[Hit]:
        """The records that hold any of the terms, best first; a term of several words is a phrase."""
        with self._reading():
            ranked = self._ranked(query.terms, query.after, query.before, query.limit)
            papers = self._by_row([row for row, _, _ in ranked])
        return [Hit(paper=papers[row], score=score) for row, _, score in ranked]

    def _ranked(
        self, terms: Sequence[str], after: date | None, before: date, limit: int
    ) -> list[tuple[int, str, float]]:
        """Row, id and score of the records that hold any of the terms, best first."""
        match = self._match(terms)
        if not match:
            return []
        return self._connection.execute(
            f"SELECT shelf.id, shelf.arxiv_id, -bm25(words, {TITLE_WEIGHT}, {TEXT_WEIGHT}) AS score"
            " FROM words CROSS JOIN shelf ON shelf.id = words.rowid"
            " WHERE words MATCH ? AND shelf.published BETWEEN ? AND ?"
            " ORDER BY score DESC, shelf.arxiv_id LIMIT ?",
            [match, (after or date.min).isoformat(), before.isoformat(), max(limit, 0)],
        ).fetchall()

    def count(self) -> int:
        """How many records there are."""
        with self._reading():
            return int(self._connection.execute("SELECT count(*) FROM shelf").fetchone()[0])

    def latest(self) -> date | None:
        """The day of the newest record; None for an empty library."""
        with self._reading():
            (newest,) = self._connection.execute("SELECT max(published) FROM shelf").fetchone()
        return date.fromisoformat(newest) if newest else None

    def earliest(self) -> date | None:
        """The day of the oldest record; None for an empty library."""
        with self._reading():
            (oldest,) = self._connection.execute("SELECT min(published) FROM shelf").fetchone()
        return date.fromisoformat(oldest) if oldest else None

    def remember(self, key: str, arxiv_ids: Sequence[str]) -> None:
        """Keep what a request was answered with, in its order; empty means asked, and nothing there."""
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", [key, json.dumps(list(arxiv_ids))])

    def recall(self, key: str) -> list[str] | None:
        """What the request was answered with; None: it has never been asked."""
        with self._reading():
            row = self._connection.execute("SELECT arxiv_ids FROM answers WHERE request = ?", [key]).fetchone()
        return None if row is None else [str(arxiv_id) for arxiv_id in json.loads(row[0])]

    def harvest_state(self, service: str, collection: str, since: date) -> HarvestState | None:
        """How far this harvest has come; None: it has never been begun."""
        with self._reading():
            row = self._connection.execute(
                "SELECT token, begun, reached, in_order, finished FROM harvests"
                " WHERE service = ? AND collection = ? AND since = ?",
                [service, collection, since.isoformat()],
            ).fetchone()
        return HarvestState(row[0], row[1], row[2], bool(row[3]), row[4]) if row else None

    def keep_harvest_state(self, service: str, collection: str, since: date, state: HarvestState) -> None:
        """Note how far this harvest has come."""
        told = [state.token, state.begun, state.reached, state.in_order, state.finished]
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO harvests VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [service, collection, since.isoformat(), *told],
            )

    def harvests(self) -> list[tuple[str, date, HarvestState]]:
        """Every set that was ever harvested, with the first day asked for and how far it has come."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT collection, since, token, begun, reached, in_order, finished FROM harvests"
                " ORDER BY service, collection, since"
            ).fetchall()
        return [(c, date.fromisoformat(s), HarvestState(t, b, r, bool(o), f)) for c, s, t, b, r, o, f in rows]

    def embedding(self) -> tuple[str, int] | None:
        """Which model made the vectors, and how many numbers each of them has; None where there are none."""
        with self._reading():
            row = self._connection.execute("SELECT model, dimension FROM embedding").fetchone()
        return (str(row[0]), int(row[1])) if row else None

    def begin_embedding(self, model: str, dimension: int) -> None:
        """From here on the vectors are this model's; those of another are dropped."""
        with self._writing() as connection:
            connection.execute("DELETE FROM vectors")
            connection.execute("INSERT OR REPLACE INTO embedding VALUES (1, ?, ?)", [model, dimension])

    def without_vector(self, limit: int) -> list[tuple[int, str, str]]:
        """Up to `limit` records that have no vector: row, title and text."""
        with self._reading():
            return self._connection.execute(
                "SELECT id, title, text FROM papers WHERE id NOT IN (SELECT id FROM vectors) ORDER BY id LIMIT ?",
                [limit],
            ).fetchall()

    def keep_vectors(self, rows: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Keep these rows' vectors, one byte a number, and signatures, two bytes a word."""
        with self._writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors SELECT id, ?2, ?3 FROM papers WHERE id = ?1", list(rows)
            )

    def count_vectors(self) -> int:
        """How many records have a vector."""
        with self._reading():
            return int(self._connection.execute("SELECT count(*) FROM vectors").fetchone()[0])

    def vectors(self) -> list[tuple[str, str, bytes, bytes]]:
        """Every vector and signature with its paper's id and day, by day and id."""
        with self._reading():
            return self._connection.execute(
                "SELECT shelf.arxiv_id, shelf.published, vectors.vector, vectors.signature"
                " FROM vectors JOIN shelf ON shelf.id = vectors.id ORDER BY shelf.published, shelf.arxiv_id"
            ).fetchall()

    def find_ids(self, terms: Sequence[str], after: date | None, before: date, limit: int) -> list[str]:
        """The ids alone of the records that hold any of the terms, best first."""
        with self._reading():
            return [arxiv_id for _, arxiv_id, _ in self._ranked(terms, after, before, limit)]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time. Raises OutputError where the file turns out to be damaged."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.DatabaseError as error:
                if not _is_spoilt(error):
                    raise
                told = str(error).partition(" with text ")[0]  # which would be the whole of it
                raise OutputError(
                    f"{self._path}: the library is damaged ({told});"
                    " move it away, and fill a new one with retest library sync or import"
                ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _by_row(self, rows: Sequence[int]) -> dict[int, Paper]:
        found = self._connection.execute(
            f"SELECT shelf.id, {_PAPER} FROM json_each(?) AS wanted JOIN shelf ON shelf.id = wanted.value"
            " JOIN papers ON papers.id = shelf.id",
            [json.dumps(list(rows))],
        )
        return {row: _paper(columns) for row, *columns in found}

    def _match(self, terms: Sequence[str]) -> str:
        """The FTS5 expression for any of the terms; empty where no term holds a word."""
        phrases = self._telling(self._tokenised(terms))
        return " OR ".join(f'"{phrase}"' for phrase in phrases)

    def _tokenised(self, terms: Sequence[str]) -> dict[tuple[str, ...], str]:
        """Terms by their tokens, each once; between double quotes nothing but a double quote is syntax."""
        spoken = [" ".join(term.replace('"', " ").replace("\0", " ").split()) for term in terms]
        self._connection.execute("DELETE FROM temp.spoken")
        self._connection.executemany("INSERT INTO temp.spoken (rowid, term) VALUES (?, ?)", enumerate(spoken))
        tokens: list[list[str]] = [[] for _ in spoken]
        for row, token in self._connection.execute("SELECT doc, term FROM temp.tokens ORDER BY doc, offset"):
            tokens[row].append(token)
        unique: dict[tuple[str, ...], str] = {}
        for found, term in zip(tokens, spoken, strict=True):
            if found:
                unique.setdefault(tuple(found), term)
        return unique

    def _telling(self, tokenised: dict[tuple[str, ...], str]) -> list[str]:
        """The terms, without the single words that stand everywhere; all where nothing else remains."""
        size = self.count()
        if size < LARGE_LIBRARY:
            return list(tokenised.values())
        telling = [
            term
            for tokens, term in tokenised.items()
            if len(tokens) > 1 or self._share(tokens[0], size) <= COMMON_SHARE
        ]
        return telling or list(tokenised.values())

    def _share(self, token: str, size: int) -> float:
        if token not in self._shares:
            row = self._connection.execute("SELECT doc FROM vocabulary WHERE term = ?", [token]).fetchone()
            self._shares[token] = row[0] / size if row else 0.0
        return self._shares[token]


def _put(connection: sqlite3.Connection, paper: Paper) -> bool:
    """Insert or update one record; whether that changed anything."""
    values = _columns(paper)
    moved = connection.execute(
        "INSERT INTO shelf (arxiv_id, published) VALUES (:arxiv_id, :published)"
        " ON CONFLICT (arxiv_id) DO UPDATE SET published = excluded.published WHERE published <> excluded.published",
        values,
    ).rowcount
    row = connection.execute("SELECT id FROM shelf WHERE arxiv_id = ?", [paper.arxiv_id]).fetchone()[0]
    rewritten = connection.execute(
        "INSERT INTO papers (id, title, text, text_kind, authors, categories, updated, version, comment)"
        " VALUES (:id, :title, :text, :text_kind, :authors, :categories, :updated, :version, :comment)"
        " ON CONFLICT (id) DO UPDATE SET (title, text, text_kind, authors, categories, updated, version, comment)"
        " = (:title, :text, :text_kind, :authors, :categories, :updated, :version, :comment)"
        " WHERE (title, text, text_kind, authors, categories, updated, version, comment)"
        " IS NOT (:title, :text, :text_kind, :authors, :categories, :updated, :version, :comment)",
        {**values, "id": row},
    ).rowcount
    return bool(moved or rewritten)


def _columns(paper: Paper) -> dict[str, object]:
    return {
        "arxiv_id": paper.arxiv_id,
        "published": paper.published.isoformat(),
        "title": paper.title,
        "text": paper.text,
        "text_kind": paper.text_kind,
        "authors": json.dumps(paper.authors, ensure_ascii=False),
        "categories": json.dumps(paper.categories),
        "updated": paper.updated.isoformat() if paper.updated else None,
        "version": paper.version,
        "comment": paper.comment,
    }


def _paper(row: Sequence[str]) -> Paper:
    arxiv_id, title, authors, published, updated, categories, text, text_kind, version, comment = row
    return Paper.model_validate(
        {
            "arxiv_id": arxiv_id,
            "title": title,
            "authors": json.loads(authors),
            "published": published,
            "updated": updated,
            "categories": json.loads(categories),
            "text": text,
            "text_kind": text_kind,
            "version": version,
            "comment": comment,
        }
    )


class _NotALibrary(Exception):
    """The file is readable and something else than a library of this schema."""


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return _connect(":memory:")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(str(path))
        except (_NotALibrary, sqlite3.DatabaseError) as error:
            if not _is_spoilt(error):
                raise
            logger.warning(
                "%s is not a library of this version (%s): it is kept as %s, and a new one is begun;"
                " fill it with retest library sync or import.",
                path,
                error,
                _set_aside(path),
            )
            return _connect(str(path))
    except (OSError, sqlite3.OperationalError) as error:
        raise OutputError(f"{path}: the library cannot be opened ({error}); free it, or set RETEST_HOME") from error


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if not _is_library(connection):
            connection.execute("BEGIN IMMEDIATE")
            if not _is_library(connection):  # another process may have been first
                _create(connection)
            connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_library(connection: sqlite3.Connection) -> bool:
    """Whether the schema stands; False for an empty file, an error for anything else."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if (version, application) == (SCHEMA_VERSION, APPLICATION_ID) and tables:
        return True
    if tables or version:
        raise _NotALibrary(f"schema {version}" if application == APPLICATION_ID else "a foreign database")
    return False


def _create(connection: sqlite3.Connection) -> None:
    statement = ""
    for line in _SCHEMA.strip().splitlines():  # executescript would end the transaction
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _is_spoilt(error: Exception) -> bool:
    """Damaged or not ours; a file that is merely busy or may not be read is neither."""
    if isinstance(error, sqlite3.DatabaseError):
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:  # Python's own: text that is no UTF-8 is damage, a closed connection is not
            return isinstance(error, sqlite3.OperationalError)
        return (code & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, _NotALibrary)


def _set_aside(path: Path) -> Path:
    """Rename the file, with SQLite's two companions, to the first free name beside it."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.aside-{number}")
        if not aside.exists():
            break
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside

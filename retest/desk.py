"""Keeps the values of unfinished runs between the graph's nodes, so that a killed run goes on where it was.

The graph's own checkpoints hold ids only. What an id stands for lies here: the seeds and claims read,
the anchoring of each claim, its outcome. A run's rows go when it has rendered.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)

FORM = 2
"""Raised when a value that lies here gets another form: a run that an earlier version left begins anew."""


class Desk:
    """The values of one run, by kind and name."""

    def __init__(self, path: Path | None, run: str) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=30)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS desk (run TEXT, kind TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (run, kind, name))"
        )
        self._connection.commit()

    def put(self, kind: str, name: str, value: BaseModel) -> None:
        """Lays a value down; it is on disk when this returns."""
        row = (self._run, kind, name, value.model_dump_json())
        with self._lock, self._connection:
            self._connection.execute("INSERT OR REPLACE INTO desk VALUES (?, ?, ?, ?)", row)

    def get(self, kind: str, name: str, type_: type[T]) -> T | None:
        """The value with this name, None when there is none."""
        with self._lock:
            found = self._connection.execute(
                "SELECT value FROM desk WHERE run = ? AND kind = ? AND name = ?", (self._run, kind, name)
            ).fetchone()
        return type_.model_validate_json(found[0]) if found else None

    def clear(self) -> None:
        """Takes the run's values away."""
        with self._lock, self._connection:
            self._connection.execute("DELETE FROM desk WHERE run = ?", (self._run,))

    def clear_others(self) -> list[str]:
        """Takes away what other runs for the same output folder have left, and names them.

        They will not be resumed: a run's name holds its day and its seeds. Only for who alone works on the folder.
        """
        mark = self._run.partition("-")[0]
        with self._lock, self._connection:
            found = self._connection.execute(
                "DELETE FROM desk WHERE run GLOB ? AND run != ? RETURNING run", (f"{mark}-*", self._run)
            ).fetchall()
        return sorted({run for (run,) in found})

    def drop_failed(self) -> int:
        """Takes away the outcomes that only say why a claim could not be looked at; how many there were."""
        with self._lock, self._connection:
            gone = self._connection.execute(
                "DELETE FROM desk WHERE run = ? AND kind = 'outcome' AND json_extract(value, '$.failure') != ''",
                (self._run,),
            )
        return gone.rowcount

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

"""`retest library`: sync, import, index, status."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retest.commands.options import Json, Quiet, settings_of

if TYPE_CHECKING:
    from retest.console import Tally
    from retest.sources.store import Store

library = typer.Typer(
    help="Keep arXiv's records in a local index, so that audits need no request.", no_args_is_help=True
)

FIRST_DAY = "2025-01-01"
Categories = Annotated[
    str, typer.Option(help="arXiv categories with commas between, or all for every one.", metavar="LIST")
]
From = Annotated[
    str,
    typer.Option(
        "--from", help="Keep papers first submitted on or after this day; anchors older than it stay unknown.", metavar="DATE"
    ),
]  # fmt: skip


@library.command()
def sync(categories: Categories = "cs.CL,cs.AI,cs.LG", first: From = FIRST_DAY, quiet: Quiet = False) -> None:
    """Harvest arXiv's records over OAI-PMH; run again, it fetches what has changed since, or goes on where it was."""
    from retest.console import Tally
    from retest.run import make_home
    from retest.settings import parse_day
    from retest.sources.library import LIBRARY_FILE
    from retest.sources.oai import harvest, open_client, sets_of
    from retest.sources.store import Store

    settings = settings_of()
    since, sets = parse_day("--from", first), sets_of(categories)
    make_home(settings.home)
    store = Store(settings.home / LIBRARY_FILE)
    client = open_client(settings.oai_url, settings.home, settings.arxiv_delay)
    kept = removed = 0
    with Tally(quiet) as tally:
        for collection in sets:
            state = store.harvest_state(client.url, collection, since)
            resumed = " (going on where it was)" if state and state.token else ""
            tally.begin(f"harvesting {collection or 'everything'} since {since}{resumed}")
            for landed in harvest(client, store, collection, since):
                kept, removed = kept + landed.kept, removed + landed.removed
                tally.advance(landed.seen, f"up to {landed.reached}" if landed.reached else "")
        _index(store, tally)
        tally.say(
            f"{kept:,} records new or changed, {removed:,} withdrawn, {client.requests} requests;"
            f" the library holds {store.count():,}"
        )


@library.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines, plain or as .xz, .gz or .bz2.")],
    categories: Annotated[
        str | None, typer.Option(help="Keep only papers of these categories.", metavar="LIST", show_default=False)
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", help="Keep only papers first submitted on or after this day.", metavar="DATE"),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Read records from a file: our JSON lines, or the public arXiv metadata dump."""
    from retest.console import Tally
    from retest.errors import InputError
    from retest.models import Paper
    from retest.run import make_home
    from retest.settings import parse_day
    from retest.sources.library import LIBRARY_FILE, batches_of, is_in, records_of
    from retest.sources.store import Store

    settings = settings_of()
    since = parse_day("--from", first) if first else date.min
    wanted = frozenset(part.strip() for part in categories.split(",")) if categories and categories != "all" else None
    make_home(settings.home)
    problems: list[str] = []
    seen = kept = 0
    with Tally(quiet) as tally:
        tally.begin(f"reading {file}")
        store: Store | None = None
        for batch in batches_of(records_of(file)):
            store = store or Store(settings.home / LIBRARY_FILE)
            problems += (item for item in batch if isinstance(item, str))
            papers = [item for item in batch if isinstance(item, Paper)]
            seen += len(papers)
            kept += store.add(paper for paper in papers if paper.published >= since and is_in(paper, wanted))
            tally.advance(len(batch))
        if store is None or not seen:
            raise InputError("\n".join(problems[:3]) or f"{file}: holds no record; give JSON lines, one paper a line")
        _index(store, tally)
        tally.say(f"{seen:,} records read, {kept:,} new or changed; the library holds {store.count():,}")
    if problems:
        for problem in problems[:5]:
            tally.complain(problem)
        tally.complain(
            f"{len(problems)} lines of {file} hold no record that could be read; all others are in the library"
        )
        raise typer.Exit(3)


@library.command()
def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make all vectors anew, with the model now set.")] = False,
    quiet: Quiet = False,
) -> None:
    """Make the vectors that search by meaning needs; sync and import do it by themselves."""
    from retest.console import Tally
    from retest.settings import environment
    from retest.sources.vectors import open_encoder

    store = _existing()
    with Tally(quiet) as tally:
        if rebuild:
            encoder = open_encoder(environment())
            store.begin_embedding(encoder.model, encoder.encode(["length"]).shape[1])
        _index(store, tally)


@library.command()
def status(as_json: Json = False) -> None:
    """Say what the library holds and how far its harvests have come."""
    from retest.sources.library import LIBRARY_FILE

    told = _status(_existing(), settings_of().home / LIBRARY_FILE)
    if as_json:
        print(json.dumps(told, indent=2))
        return
    print(
        f"{told['file']}: {told['records']:,} records of {told['oldest']} to {told['newest']}, {told['megabytes']} MB"
    )
    print(f"search by meaning: {told['vectors']:,} vectors made by {told['embedding'] or 'nothing yet'}")
    for harvest in told["harvests"]:
        print(f"harvest of {harvest['set'] or 'everything'} since {harvest['since']}: {harvest['state']}")


def _status(store: Store, path: Path) -> dict[str, Any]:
    embedding = store.embedding()
    days = (store.earliest(), store.latest())
    return {
        "file": str(path),
        "megabytes": round(path.stat().st_size / 1e6),
        "records": store.count(),
        "oldest": days[0].isoformat() if days[0] else None,
        "newest": days[1].isoformat() if days[1] else None,
        "vectors": store.count_vectors(),
        "embedding": embedding[0] if embedding else None,
        "harvests": [
            {"set": collection, "since": since.isoformat(), "complete": not state.token, "state": state.in_words()}
            for collection, since, state in store.harvests()
        ],
    }


def _existing() -> Store:
    """The library that is there. Raises InputError where there is none."""
    from retest.sources.library import existing_store

    return existing_store(settings_of().home)


def _index(store: Store, tally: Tally) -> None:
    """Vectors for the records that have none yet."""
    from retest.settings import environment
    from retest.sources.vectors import embed_missing, open_encoder

    tally.begin("making vectors")
    embed_missing(store, open_encoder(environment()), tally.advance)

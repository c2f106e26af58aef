"""Counts in how many arXiv records each word stem stands; writes `retest/data/word_frequencies.tsv`.

    python scripts/word_frequencies.py records.jsonl[.xz] retest/data/word_frequencies.tsv

Input: JSON lines with `title` and `abstract`. Output: the number of records, then one line for each
stem that stands in at least `LEAST` of them. Counts only; no sentence of a record is kept.
"""

import json
import lzma
import sys
from collections import Counter
from pathlib import Path

from retest.terms import stems

LEAST = 25
"""Rarer stems weigh as if they stood in half as many records; the table stays small."""


def main(records: Path, table: Path) -> None:
    """Read `records`, write `table`."""
    counts: Counter[str] = Counter()
    total = 0
    with lzma.open(records, "rt") if records.suffix == ".xz" else records.open() as lines:
        for line in lines:
            record = json.loads(line)
            counts.update(set(stems(f"{record['title']} {record.get('abstract') or ''}")))
            total += 1
    kept = sorted((stem, count) for stem, count in counts.items() if count >= LEAST)
    table.write_text(f"#records\t{total}\n" + "".join(f"{stem}\t{count}\n" for stem, count in kept))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

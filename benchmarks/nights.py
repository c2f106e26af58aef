"""Three nights and one more against a query API: what is asked, judged and written each night.

    RETEST_ARXIV_URL=http://127.0.0.1:8765 python benchmarks/nights.py seeds/ [NIGHT...]

NIGHT is a day (2026-04-30 2026-06-30 2026-08-31 unless given). Each night runs `retest run` with the same
home and the same output folder, in a temporary folder, with the embedded judge; after the last, the same
night is run once more. Prints a line a night.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NIGHTS = ("2026-04-30", "2026-06-30", "2026-08-31")


def night(day: str, seeds: str, folder: Path) -> dict[str, object]:
    """One run's summary, with its seconds and exit code."""
    command = [sys.executable, "-m", "retest", "run", seeds, "--source", "arxiv", "--judge", "embedded"]
    command += ["--as-of", day, "--out", str(folder / "outputs"), "--json", "--quiet"]
    begun = time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"RETEST_HOME": str(folder / "home")}, check=False
    )
    told = json.loads(done.stdout) if done.stdout else {"figures": {}, "changes": [], "written": [], "claims": []}
    return told | {"seconds": round(time.monotonic() - begun, 1), "exit": done.returncode, "said": done.stderr.strip()}


def main(seeds: str, days: tuple[str, ...]) -> None:
    """Run the nights."""
    with tempfile.TemporaryDirectory() as name:
        for day in (*days, days[-1]):
            told = night(day, seeds, Path(name))
            figures = told["figures"]
            print(
                f"{day}: exit {told['exit']}, {figures.get('requests')} requests, {told['seconds']} s, "
                f"{figures.get('pairs_judged')} pairs judged of {sum(figures.get(k, 0) for k in ('pairs_judged', 'pairs_known'))}, "
                f"{len(told['changes'])} changes, {len(told['written'])} files written {told['said']}"
            )
            for change in told["changes"]:
                if change["cause"] != "first audit":
                    print(
                        f"    {change['title']}: {change['before']} -> {change['after']}; {change['cause']} {change['papers']}"
                    )


if __name__ == "__main__":
    main(sys.argv[1], tuple(sys.argv[2:]) or NIGHTS)

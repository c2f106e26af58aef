"""The workflows: their form, what each job may do, and their shell steps over three nights against a bare remote."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from reports import hostile_report

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / ".github" / "scripts"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DEFINITIONS = [*WORKFLOWS, ROOT / "action.yml"]


def definition(path: Path) -> dict[str, Any]:
    yaml = pytest.importorskip("ruamel.yaml", reason="ruamel.yaml reads the workflows; install the dev extra")
    loaded: dict[str, Any] = yaml.YAML(typ="safe").load(path)
    return loaded


def steps(path: Path) -> Iterator[dict[str, Any]]:
    loaded = definition(path)
    for job in loaded.get("jobs", {}).values():
        yield from job["steps"]
    yield from loaded.get("runs", {}).get("steps", ())


def program(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip(f"{name} is not installed; install the dev extra")
    return found


# --- form and rights -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_it_is_valid_by_the_published_schema(path: Path) -> None:
    schema = "vendor.github-actions" if path.name == "action.yml" else "vendor.github-workflows"
    checked = subprocess.run(
        [program("check-jsonschema"), "--builtin-schema", schema, path], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


def test_every_workflow_of_the_documentation_is_valid_and_the_first_has_five_lines(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.+?)```", text, re.DOTALL)
    assert len(blocks) == 3
    assert len(blocks[0].splitlines()) == 5
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yml"
        path.write_text(block, encoding="utf-8")
        test_it_is_valid_by_the_published_schema(path)


def test_the_documentation_names_every_input() -> None:
    text = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
    table = text[text.index("## Inputs") : text.index("Outputs:")]
    assert set(
        re.findall(r"`([a-z-]+)`", "".join(row.split("|")[1] for row in table.splitlines() if "|" in row))
    ) == set(definition(ROOT / "action.yml")["inputs"])


def test_the_security_linter_finds_nothing_of_weight() -> None:
    linted = subprocess.run(
        [program("zizmor"), "--offline", "--no-progress", "--min-severity=medium", "--format=plain",
         ROOT / ".github", ROOT / "action.yml"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_whose_version_is_told(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    for name in used:
        assert name == "./" or re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", name), name


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_no_value_from_outside_is_pasted_into_a_shell(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_given_job_by_job_and_every_job_ends(path: Path) -> None:
    loaded = definition(path)
    assert loaded["permissions"] == {}
    assert loaded["concurrency"]["group"]
    for job in loaded["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 60
    assert not {"pull_request_target", "workflow_run"} & set(loaded["on"])


def test_the_job_with_the_key_cannot_write_and_the_job_that_writes_sees_no_key() -> None:
    jobs = definition(ROOT / ".github" / "workflows" / "nightly.yml")["jobs"]
    assert jobs["audit"]["permissions"] == {"contents": "read"}
    assert "secrets." in json.dumps(jobs["audit"])
    for name, job in jobs.items():
        if "write" in job["permissions"].values():
            assert "secrets." not in json.dumps(job), name
    checkout = jobs["audit"]["steps"][0]
    assert checkout["with"]["persist-credentials"] is False


def test_the_night_begins_off_the_hour_and_nights_do_not_overlap() -> None:
    loaded = definition(ROOT / ".github" / "workflows" / "nightly.yml")
    minute = int(loaded["on"]["schedule"][0]["cron"].split()[0])
    assert minute % 2 == 1 and minute not in (15, 30, 45)
    assert loaded["concurrency"] == {"group": "retest-nightly", "cancel-in-progress": False}


def test_shell_scripts_are_well_formed() -> None:
    for script in SCRIPTS.glob("*.sh"):
        assert subprocess.run(["bash", "-n", script]).returncode == 0
        assert os.access(script, os.X_OK)


# --- three nights ----------------------------------------------------------------------------------

# Stands in for the installed command: the real one, with a judge that holds every paper after April 2026 against the
# claim, so that what flips does not hang on the weights of a judge.
JUDGE = """#!{python}
import sys
sys.path.insert(0, {tests!r})
import retest.run
from fakes import ScriptedJudge
from retest.models import Judgement
from retest.terms import sentence_spans

class Stern(ScriptedJudge):
    async def weigh(self, claim, anchors, papers):
        return [self.of(paper) for paper in papers]

    def of(self, paper):
        quote = paper.text[slice(*sentence_spans(paper.text)[-1])]
        if paper.published.isoformat() > "2026-04-30":
            return Judgement(stance="overturns", strength=3, quote=quote, reason="The opposite.")
        return Judgement(stance="supports", strength=2, quote=quote, reason="The same.")

retest.run.open_judge = lambda settings: Stern()
from retest.cli import main
main()
"""


class Night:
    """A checkout of a bare remote, with what a runner gives to a step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote, self.work, self.temp = folder / "remote.git", folder / "work", folder / "temp"
        self._shim = folder / "bin"
        self._shim.mkdir()
        self.temp.mkdir()
        judge = JUDGE.format(python=sys.executable, tests=str(Path(__file__).parent))
        for name, text in (("retest", judge), ("python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')):
            (self._shim / name).write_text(text, encoding="utf-8")
            (self._shim / name).chmod(0o755)
        seed = folder / "seed"
        (seed / "seeds").mkdir(parents=True)
        for path in sorted((ROOT / "seeds").glob("*.txt"))[:2]:
            shutil.copy(path, seed / "seeds")
        self.git("init", "--quiet", "--initial-branch=main", cwd=seed)
        self.git("add", ".", cwd=seed)
        self.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "seeds", cwd=seed)
        self.git("clone", "--quiet", "--bare", seed, self.remote, cwd=folder)

    def git(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", *arguments], cwd=cwd or self.remote, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def checkout(self) -> None:
        """A fresh clone, as every job begins."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.git("clone", "--quiet", self.remote, self.work, cwd=self.folder)

    def step(self, script: str, **variables: str) -> tuple[int, str, dict[str, str]]:
        """A script's exit status, its log and its outputs."""
        outputs = self.temp / "outputs"
        outputs.write_text("", encoding="utf-8")
        keep = {name: os.environ[name] for name in ("HOME", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
        environment = keep | {
            "PATH": f"{self._shim}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "RETEST_HOME": str(self.folder / "home"),
        }
        done = subprocess.run(
            [SCRIPTS / script], cwd=self.work, env=environment | variables, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        lines = outputs.read_text(encoding="utf-8").splitlines()
        return done.returncode, done.stdout, dict(line.split("=", 1) for line in lines)

    def pass_over(self, as_of: str, source: str = "catalogue", **more: str) -> tuple[str, dict[str, str]]:
        """The two jobs of a night; returns their log and the audit's outputs."""
        self.checkout()
        status, log, outputs = self.step("audit.sh", AUDIT_AS_OF=as_of, AUDIT_SOURCE=source, **more)
        assert status == 0, log
        if outputs["news"] == "true":
            handed = self.temp / "reports"
            shutil.rmtree(handed, ignore_errors=True)
            shutil.copytree(self.work / "outputs", handed)
            self.checkout()
            status, said, _ = self.step("commit.sh", AUDIT_FROM=str(handed))
            assert status == 0, said
            log += said
        return log, outputs

    def commits(self) -> list[str]:
        return self.git("log", "--format=%s", "main").splitlines()

    def committed(self, path: str) -> str:
        return self.git("show", f"main:{path}")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What three nights came to."""
    night = Night(tmp_path_factory.mktemp("nights"))
    told: dict[str, Any] = {"night": night}
    nights = (("first", "2026-04-30"), ("second", "2026-04-30"), ("third", "2026-08-31"), ("fourth", "2026-09-01"))
    for name, as_of in nights:
        log, outputs = night.pass_over(as_of)
        told[name] = {
            "log": log,
            "outputs": outputs,
            "commits": night.commits(),
            "head": night.git("rev-parse", "main"),
        }
        told[name]["summary"] = (night.temp / "summary.md").read_text(encoding="utf-8")
        news = night.temp / "retest" / "news.md"
        told[name]["issue"] = news.read_text(encoding="utf-8") if news.exists() else ""
    return told


def test_the_first_night_commits_the_reports_and_announces_nothing(nights: Mapping[str, Any]) -> None:
    first = nights["first"]
    assert first["commits"] == ["retest: nightly audit", "seeds"]
    assert first["outputs"] == {"news": "true", "fallen": "0"}
    assert first["issue"] == ""


def test_the_second_night_has_nothing_to_commit(nights: Mapping[str, Any]) -> None:
    assert nights["second"]["outputs"] == {"news": "false", "fallen": "0"}
    assert nights["second"]["head"] == nights["first"]["head"]
    assert "No verdict changed." in nights["second"]["summary"]


def test_the_third_night_commits_the_flip_and_names_its_paper(nights: Mapping[str, Any]) -> None:
    third = nights["third"]
    assert third["commits"] == ["retest: nightly audit", "retest: nightly audit", "seeds"]
    assert int(third["outputs"]["fallen"]) > 0
    changes = nights["night"].committed("outputs/CHANGES.md")
    assert re.search(r"upheld → \*\*perishable, \w+\*\*; new paper \(\[arXiv:260[5-8]\.\d{5}\]", changes)
    assert nights["night"].git("show", "--format=", "--name-only", "main").splitlines()[0].startswith("outputs/")


def test_a_night_on_which_only_the_date_moved_commits_nothing(nights: Mapping[str, Any]) -> None:
    assert nights["fourth"]["outputs"] == {"news": "false", "fallen": "0"}
    assert nights["fourth"]["head"] == nights["third"]["head"]


def test_a_newly_fallen_claim_is_annotated_at_its_line_and_told_in_an_issue(nights: Mapping[str, Any]) -> None:
    third = nights["third"]
    found = re.findall(
        r"^::warning file=(seeds/[\w.]+),line=(\d+),title=A claim newly fell::([\w-]+) is", third["log"], re.M
    )
    assert 0 < len(found) <= 10
    for file, line, _ in found:
        assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) >= int(line)
    fallen = int(third["outputs"]["fallen"])
    assert third["issue"].startswith(f"{fallen} claim")
    assert third["issue"].count("\n- ") == fallen


def test_a_night_without_an_answer_changes_nothing_and_is_no_failure(nights: Mapping[str, Any]) -> None:
    night = nights["night"]
    before = night.git("rev-parse", "main")
    closed = "http://127.0.0.1:9/api/query"
    log, outputs = night.pass_over("2026-09-01", "arxiv", RETEST_ARXIV_URL=closed, RETEST_ARXIV_DELAY="0")
    assert outputs == {"news": "false", "fallen": "0"}
    assert "::warning title=retest::Nothing could be asked tonight" in log
    assert night.git("rev-parse", "main") == before
    assert night.git("status", "--porcelain", cwd=night.work) == ""


def test_what_a_paper_is_called_cannot_command_the_runner(nights: Mapping[str, Any]) -> None:
    """All that `retest` prints stands between the two lines that switch commands off and on again."""
    lines = nights["third"]["log"].splitlines()
    (begin,) = [i for i, line in enumerate(lines) if line.startswith("::stop-commands::")]
    token = lines[begin].removeprefix("::stop-commands::")
    end = lines.index(f"::{token}::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    said = next(i for i, line in enumerate(lines) if "files of outputs changed" in line)
    assert begin < said < end


def test_a_usage_error_fails_the_night(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.checkout()
    status, log, _ = night.step("audit.sh", AUDIT_SOURCE="catalogue", AUDIT_SEEDS="none-such")
    assert status == 2
    assert "none-such" in log


# --- what is committed -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["link", "folder", "hidden", "script", "option"])
def test_only_reports_are_taken_over_from_the_other_job(tmp_path: Path, kind: str) -> None:
    night = Night(tmp_path)
    night.checkout()
    handed = tmp_path / "handed"
    handed.mkdir()
    (handed / "README.md").write_text("fine\n", encoding="utf-8")
    if kind == "link":
        (handed / "CHANGES.md").symlink_to("/etc/passwd")
    elif kind == "folder":
        (handed / "workflows.md").mkdir()
    else:
        name = {"hidden": ".gitattributes", "script": "run.sh", "option": "-rf.md"}[kind]
        (handed / name).write_text("bad\n", encoding="utf-8")
    status, log, _ = night.step("commit.sh", AUDIT_FROM=str(handed))
    assert status == 1
    assert "nothing was committed" in log
    assert night.commits() == ["seeds"]


@pytest.mark.parametrize("out", ["/etc", "../outside", ".git/hooks", "a/../../b"])
def test_reports_are_kept_inside_the_repository(tmp_path: Path, out: str) -> None:
    night = Night(tmp_path)
    night.checkout()
    status, log, _ = night.step("commit.sh", AUDIT_OUT=out)
    assert status == 1
    assert "must lie inside the repository" in log


def test_reports_are_pushed_over_what_others_pushed_meanwhile(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.checkout()
    other = tmp_path / "other"
    night.git("clone", "--quiet", night.remote, other, cwd=tmp_path)
    (other / "note.md").write_text("mine\n", encoding="utf-8")
    night.git("add", ".", cwd=other)
    night.git("-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "--quiet", "-m", "note", cwd=other)
    night.git("push", "--quiet", cwd=other)
    (night.work / "outputs").mkdir()
    (night.work / "outputs" / "README.md").write_text("report\n", encoding="utf-8")
    nameless = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.useConfigOnly", "GIT_CONFIG_VALUE_0": "true"}
    status, log, _ = night.step("commit.sh", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", **nameless)
    assert status == 0, log
    assert night.commits() == ["retest: nightly audit", "note", "seeds"]


def test_report_of_a_seed_that_is_gone_is_committed_away_and_nothing_else(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.checkout()
    ours = '---\ntitle: "Do lakes?"\nas_of: 2026-08-31\ntags: [retest, retest/relaxed]\n---\n'
    outputs, handed = night.work / "outputs", tmp_path / "handed"
    outputs.mkdir()
    handed.mkdir()
    tagged, untitled = ours.replace("[retest,", "[retesting,"), ours.replace("title", "aliases")
    for name, text in (("lakes.md", ours), ("ponds.md", ours), ("mine.md", "# Mine\n"), ("CHANGES.md", "# Changes\n"),
                       ("tagged.md", tagged), ("untitled.md", untitled), ("archived.md", ours)):  # fmt: skip
        (outputs / name).write_text(text, encoding="utf-8")
    stems = [{"file": "a.md", "stem": stem} for stem in ("lakes", "ponds", "mine", "link", "tagged", "untitled")]
    (outputs / "verdicts.json").write_text(json.dumps({"seeds": stems}, indent=2), encoding="utf-8")
    (outputs / "link.md").symlink_to("ponds.md")
    assert night.step("commit.sh")[0] == 0
    night.checkout()
    (handed / "ponds.md").write_text(ours, encoding="utf-8")
    status, log, _ = night.step("commit.sh", AUDIT_FROM=str(handed))
    assert status == 0, log
    kept = night.git("ls-tree", "--name-only", "-r", "main:outputs").splitlines()
    assert kept == [
        "CHANGES.md", "archived.md", "link.md", "mine.md", "ponds.md", "tagged.md", "untitled.md", "verdicts.json",
    ]  # fmt: skip


def test_nothing_that_the_audit_says_comes_after_the_commands_are_switched_on_again(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.checkout()
    shim = tmp_path / "bin" / "retest"
    shim.write_text("#!/bin/sh\necho '::warning::from the audit' >&2\necho 'outputs was left as it was' >&2\nexit 1\n")
    # The runner reads stdout and stderr apart, so only what stands on one stream with the tokens is in order.
    without_stderr = tmp_path / "without-stderr.sh"
    without_stderr.write_text("exec 2>/dev/null\n", encoding="utf-8")
    for _ in range(10):
        status, log, _ = night.step("audit.sh", BASH_ENV=str(without_stderr))
        lines = log.splitlines()
        token = lines[0].removeprefix("::stop-commands::")
        assert status == 0 and lines.index("::warning::from the audit") < lines.index(f"::{token}::"), log


@pytest.mark.parametrize(("fallen", "opened"), [("3", True), ("1", True), ("0", False), ("", False), ("1; id", False)])
def test_one_issue_is_opened_and_only_when_something_fell(tmp_path: Path, fallen: str, opened: bool) -> None:
    night = Night(tmp_path)
    night.checkout()
    called = tmp_path / "called"
    gh = tmp_path / "bin" / "gh"
    gh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>"{called}"\n', encoding="utf-8")
    gh.chmod(0o755)
    news = tmp_path / "news.md"
    news.write_text("What fell.\n", encoding="utf-8")
    status, _, _ = night.step("announce.sh", NEWS_FILE=str(news), NEWS_COUNT=fallen)
    assert status == 0
    assert called.exists() is opened
    if opened:
        noun = "claim" if fallen == "1" else "claims"
        assert called.read_text(encoding="utf-8").splitlines() == [
            "issue", "create", "--title", f"retest: {fallen} {noun} newly fell", "--body-file", str(news),
        ]  # fmt: skip


def test_a_repository_without_issues_gets_a_warning_instead(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.checkout()
    gh = tmp_path / "bin" / "gh"
    gh.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    gh.chmod(0o755)
    (tmp_path / "news.md").write_text("What fell.\n", encoding="utf-8")
    status, log, _ = night.step("announce.sh", NEWS_FILE=str(tmp_path / "news.md"), NEWS_COUNT="2")
    assert status == 0
    assert log.startswith("::warning title=retest::2 claims newly fell")


# --- what is said ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def summarise() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    import summarise as module

    sys.path.remove(str(SCRIPTS))
    return module


def change(before: str, after: str, cause: str = "new paper", **more: object) -> dict[str, Any]:
    return {"claim": "worst", "title": "T", "before": before, "after": after, "cause": cause, "papers": []} | more


@pytest.mark.parametrize(
    ("told", "fell"),
    [
        (change("durable, upheld", "perishable, overturned"), True),
        (change("perishable, untested", "perishable, contested"), True),
        (change("perishable, overturned", "perishable, contested"), False),
        (change("durable, upheld", "perishable, overturned", "judge or prompt changed"), False),
        (change("", "perishable, overturned", "first audit"), False),
        (change("perishable, contested", "durable, upheld"), False),
    ],
)
def test_only_the_literature_makes_a_claim_fall(summarise: Any, told: dict[str, Any], fell: bool) -> None:
    assert summarise.fell(told) is fell


def test_hostile_words_break_no_annotation_no_issue_and_no_summary(summarise: Any) -> None:
    whole = hostile_report()
    told = change("durable, upheld", "perishable, overturned", title=whole.claims[0].title, papers=["2607.00001"])
    (line,) = summarise.annotations([told], whole)
    assert "\n" not in line
    assert line.count("::") == 2
    assert line.startswith("::warning file=seeds/a b#c.md,line=3,title=A claim newly fell::worst is overturned")
    run = {"as_of": "2026-08-31", "changes": [told], "partial": [{"claim": "worst", "reason": "x"}], "requests": 1}
    for text in (summarise.issue([told], whole), summarise.summary(run, whole)):
        assert "@you" not in text
        assert "#12" not in text
        assert "<script" not in text
        assert not [each for each in text.splitlines() if each.startswith("::")]

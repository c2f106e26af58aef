"""A file of the output folder is complete or absent, and untouched where its bytes would not change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retest.errors import OutputError
from retest.outputs import check_writable, remove_reports, write_files


def test_files_are_written_as_utf8_with_plain_newlines_for_everyone_to_read(tmp_path: Path) -> None:
    assert write_files(tmp_path, {"b.md": "zwei\n", "a.md": "é\n"}) == ["a.md", "b.md"]
    assert (tmp_path / "a.md").read_bytes() == "é\n".encode()
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o644


def test_same_text_is_not_written_again(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.md": "one\n", "b.md": "two\n"})
    os.utime(tmp_path / "a.md", (1, 1))
    assert write_files(tmp_path, {"a.md": "one\n", "b.md": "three\n"}) == ["b.md"]
    assert (tmp_path / "a.md").stat().st_mtime == 1


@pytest.mark.parametrize("spoilt", [b"one\r\n", b"\xff\xfe"])
def test_file_whose_bytes_somebody_changed_is_written_again(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / "a.md").write_bytes(spoilt)
    assert write_files(tmp_path, {"a.md": "one\n"}) == ["a.md"]
    assert (tmp_path / "a.md").read_bytes() == b"one\n"


def test_files_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    write_files(tmp_path, {"a.md": "one\n"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "mine.txt"]


def test_failure_leaves_no_file_half_written_and_the_old_ones_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"a.md": "old\n", "b.md": "old\n"})

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full_disk)
    with pytest.raises(OutputError, match=r"(?i)no space left"):
        write_files(tmp_path, {"a.md": "new\n", "b.md": "new\n"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.md": "old\n", "b.md": "old\n"}


def test_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_folder_that_cannot_be_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=r"cannot be written \(.*\); choose another folder with --out"):
            check_writable(folder)


def test_folder_in_the_place_of_a_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "b.md").mkdir()
    with pytest.raises(OutputError):
        write_files(tmp_path, {"a.md": "one\n", "b.md": "two\n"})
    assert [path.name for path in tmp_path.iterdir()] == ["b.md"]


def test_what_a_killed_run_left_half_written_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".a.md.abcd1234").write_text("ha")
    (tmp_path / ".mine.abcd1234").write_text("mine")
    write_files(tmp_path, {"a.md": "one\n"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine.abcd1234", "a.md"]


def test_only_reports_that_a_run_wrote_are_removed(tmp_path: Path) -> None:
    ours = '---\ntitle: "Do ponds?"\nas_of: 2026-08-31\ntags: [retest, retest/relaxed]\n---\n'
    for name, text in (("old.md", ours), ("kept.md", ours), ("mine.md", "---\ntitle: x\n---\n"), ("note.txt", ours)):
        (tmp_path / name).write_text(text)
    remove_reports(tmp_path, ["old.md", "mine.md", "note.txt", "none.md"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.md", "mine.md", "note.txt"]

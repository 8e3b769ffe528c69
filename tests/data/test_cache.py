"""Folders of files that can be made again: what is used stays, and processes that make room at the same time don't trip over each other."""

import os
from pathlib import Path

from hetsyn_sim.data.cache import kept_folder, make_room, mark_used, take


def test_one_variable_names_the_folder_of_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "own"))
    assert (kept_folder("kernels"), kept_folder()) == (tmp_path / "own" / "kernels", tmp_path / "own")
    monkeypatch.delenv("HETSYN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kept_folder("standalone") == tmp_path / "hetsyn-sim" / "standalone"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kept_folder("standalone") == tmp_path / ".cache" / "hetsyn-sim" / "standalone"


def test_use_counts_and_makes_nothing_where_nothing_is(tmp_path):
    kept = tmp_path / "kept"
    assert not mark_used(kept)
    assert not take(kept, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []
    kept.write_text("program")
    os.utime(kept, (1e9, 1e9))
    assert mark_used(kept)
    assert kept.stat().st_mtime > 1e9


def test_a_copy_is_new_and_may_be_run(tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("program")
    kept.chmod(0o755)
    os.utime(kept, (1e9, 1e9))
    assert take(kept, tmp_path / "copy")
    assert os.access(tmp_path / "copy", os.X_OK)
    assert min(path.stat().st_mtime for path in (kept, tmp_path / "copy")) > 1e9


def test_room_is_made_of_what_was_not_used_for_longest(tmp_path):
    for k, name in enumerate(["b.so", "a.so", "c.so", ".unfinished.so", "other.txt"]):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1e9 + k, 1e9 + k))
    (tmp_path / "folder.so").mkdir()
    make_room(tmp_path, 2, "*.so")
    assert {path.name for path in tmp_path.iterdir()} == {"a.so", "c.so", ".unfinished.so", "other.txt", "folder.so"}


def test_another_process_may_make_room_at_the_same_time(tmp_path, monkeypatch):
    for k in range(4):
        (tmp_path / str(k)).write_text("")
        os.utime(tmp_path / str(k), (1e9 + k, 1e9 + k))
    seen = Path.is_file

    def and_then_gone(path):
        found = seen(path)
        if path.name == "1":
            path.unlink()
        return found

    monkeypatch.setattr(Path, "is_file", and_then_gone)
    make_room(tmp_path, 2)
    assert {path.name for path in tmp_path.iterdir()} == {"2", "3"}

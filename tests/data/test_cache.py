"""The build cache: what is used stays, processes don't trip over each other, and nothing is used that somebody else may have put there."""

import os
from pathlib import Path

import pytest

from hetsyn_sim.data.cache import cache_folder, evict, fetch, store, touch
from hetsyn_sim.errors import BackendError


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """A place in a cache that is not made yet."""
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    return cache_folder("kernels") / "program"


@pytest.fixture
def made(tmp_path):
    path = tmp_path / "made"
    path.write_text("program")
    path.chmod(0o777)
    return path


def test_one_variable_names_the_folder_of_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "own"))
    assert (cache_folder("kernels"), cache_folder()) == (tmp_path / "own" / "kernels", tmp_path / "own")
    monkeypatch.delenv("HETSYN_CACHE")
    for variable, below in (("XDG_CACHE_HOME", "hetsyn-sim"), ("HOME", ".cache/hetsyn-sim")):
        monkeypatch.setenv(variable, str(tmp_path))
        assert cache_folder("standalone") == tmp_path / below / "standalone"
        monkeypatch.delenv(variable)


def test_a_copy_is_new_and_may_be_run_and_none_is_made_of_nothing(entry, made, tmp_path):
    assert not touch(entry)
    assert not fetch(entry, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == [made]
    store(made, entry, 1)
    os.utime(entry, (1e9, 1e9))
    assert fetch(entry, tmp_path / "copy")
    assert os.access(tmp_path / "copy", os.X_OK)
    assert min(path.stat().st_mtime for path in (entry, tmp_path / "copy")) > 1e9


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_stored_is_for_this_user_alone(umask, entry, made):
    before = os.umask(umask)
    try:
        store(made, entry, 1)
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (entry.parent.parent, entry.parent)] == [0o700, 0o700]
    assert entry.stat().st_mode & 0o722 == 0o700
    assert list(entry.parent.iterdir()) == [entry]
    assert touch(entry)


@pytest.mark.parametrize("part", ["program", "kernels", "cache"])
@pytest.mark.parametrize("fault", ["others may write", "a group may write", "another user's"])
def test_what_somebody_else_may_have_put_there_is_refused(part, fault, entry, made, tmp_path):
    store(made, entry, 1)
    place = {path.name: path for path in (entry, entry.parent, entry.parent.parent)}[part]
    if fault == "others may write":
        place.chmod(0o702)
    else:
        if os.geteuid() != 0:
            pytest.skip("only root can give files away")
        os.chown(place, 4321 if fault == "another user's" else -1, 4321)
        place.chmod(0o770)
    uses = [(touch, entry), (fetch, entry, tmp_path / "copy")]
    if place != entry:  # what is stored beside a file does not depend on it
        uses.append((store, made, entry.with_name("other"), 1))
    for use, *arguments in uses:
        with pytest.raises(BackendError, match="not safe") as excinfo:
            use(*arguments)
        assert str(place) in excinfo.value.got
    assert not (tmp_path / "copy").exists()


def test_a_cache_that_root_keeps_is_used(entry, made, monkeypatch):
    store(made, entry, 1)
    if os.geteuid() != 0:
        pytest.skip("only root can make files of root's")
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    assert touch(entry)


def test_room_is_made_of_what_was_not_used_for_longest(tmp_path):
    for k, name in enumerate(["b.so", "a.so", "c.so", ".unfinished.so", "other.txt"]):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1e9 + k, 1e9 + k))
    (tmp_path / "folder.so").mkdir()
    evict(tmp_path, 2, "*.so")
    assert {path.name for path in tmp_path.iterdir()} == {"a.so", "c.so", ".unfinished.so", "other.txt", "folder.so"}


def test_another_process_may_evict_at_the_same_time(tmp_path, monkeypatch):
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
    evict(tmp_path, 2)
    assert {path.name for path in tmp_path.iterdir()} == {"2", "3"}

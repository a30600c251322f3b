"""The cache folder: found again, and ignored in every state but the right one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from structgen._native import TokenTrie
from structgen.vocabulary import Vocabulary, cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRUCTGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


KEY = cache.key("test", b"1")


def entry_of(folder: Path) -> Path:
    (entry,) = (folder / "vocabulary").iterdir()
    return entry


def large_vocabulary() -> Vocabulary:
    """Large enough to be kept on disk."""
    return Vocabulary.from_tokens([None, *(f"token {i}".encode() for i in range(25_000))], eos=0)


def test_what_is_stored_is_found(folder: Path) -> None:
    assert cache.load("kind", KEY) is None
    cache.store("kind", KEY, b"payload")
    assert cache.load("kind", KEY) == b"payload"
    assert cache.load("other", KEY) is None
    assert cache.load("kind", cache.key("test", b"2")) is None
    cache.store("kind", KEY, b"")
    assert cache.load("kind", KEY) == b""


def test_keys_depend_on_where_parts_end() -> None:
    assert cache.key("ab", "c") != cache.key("a", "bc") != cache.key("abc")


def test_every_damaged_byte_is_noticed(folder: Path) -> None:
    cache.store("kind", KEY, b"payload of the entry")
    path = entry_of(folder)
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x20
        path.write_bytes(damaged)
        assert cache.load("kind", KEY) is None
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert cache.load("kind", KEY) is None
    path.write_bytes(whole + b"x")
    assert cache.load("kind", KEY) is None
    path.write_bytes(whole)
    assert cache.load("kind", KEY) == b"payload of the entry"


def test_another_version_and_another_key_are_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store("kind", KEY, b"old")
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    assert cache.load("kind", KEY) is None
    cache.store("kind", KEY, b"new")
    assert cache.load("kind", KEY) == b"new"
    other = cache.key("another")
    entry_of(folder).rename(folder / "vocabulary" / f"kind-{other.hex()}.bin")
    assert cache.load("kind", other) is None


def test_nothing_is_left_behind_by_a_failed_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    cache.store("kind", KEY, b"payload")
    assert list((folder / "vocabulary").iterdir()) == []


def test_old_entries_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_KEPT", 3)
    keys = [cache.key(str(i)) for i in range(5)]
    for age, key in enumerate(keys):
        cache.store("kind", key, b"x")
        path = folder / "vocabulary" / f"kind-{key.hex()}.bin"
        os.utime(path, (1000 + age, 1000 + age))
    assert [cache.load("kind", key) for key in keys] == [None, None, b"x", b"x", b"x"]


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRUCTGEN_CACHE", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache.folder() == tmp_path
    monkeypatch.setenv("STRUCTGEN_CACHE", "")
    assert cache.folder() is None
    assert cache.load("kind", KEY) is None
    cache.store("kind", KEY, b"x")
    monkeypatch.delenv("STRUCTGEN_CACHE")
    assert cache.folder() == Path("/elsewhere/structgen")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache.folder() == tmp_path / ".cache" / "structgen"


def test_a_folder_that_cannot_be_written_to_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder should be: that refuses even the superuser."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STRUCTGEN_CACHE", str(tmp_path / "file"))
    assert large_vocabulary().size == 25_001


def test_a_large_vocabulary_is_built_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = large_vocabulary()
    before = entry_of(folder).read_bytes()

    class NeverBuilds:
        load = staticmethod(TokenTrie.load)

        @staticmethod
        def build(*_: object) -> TokenTrie:
            raise AssertionError("built although it was kept on disk")

    monkeypatch.setattr("structgen.vocabulary.vocabulary.TokenTrie", NeverBuilds)
    second = large_vocabulary()
    assert second == first
    assert second.trie.save() == first.trie.save()
    assert entry_of(folder).read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: b"\x00" * len(data),
        lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
        lambda data: b"GIF89a" + data,
    ],
    ids=["truncated", "empty", "zeros", "one bit", "foreign"],
)
def test_a_damaged_entry_is_rebuilt(folder: Path, damage: object) -> None:
    assert callable(damage)
    first = large_vocabulary()
    path = entry_of(folder)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    second = large_vocabulary()
    assert second.trie.save() == first.trie.save()
    assert path.read_bytes() == whole


def test_a_well_formed_entry_of_another_vocabulary_is_rebuilt(folder: Path) -> None:
    """Even with a right checksum: the core compares every node with the text."""
    first = large_vocabulary()
    path = entry_of(folder)
    key = bytes.fromhex(path.stem.removeprefix("trie-"))
    other = Vocabulary.from_tokens([None, *(f"other {i}".encode() for i in range(25_000))], eos=0)
    whole = path.read_bytes()
    cache.store("trie", key, other.trie.save())
    assert path.read_bytes() != whole
    assert large_vocabulary().trie.save() == first.trie.save()
    assert path.read_bytes() == whole

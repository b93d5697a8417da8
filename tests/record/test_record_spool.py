"""The spool loses nothing that was put, whatever is torn, damaged, full or cut short."""

import os
import random
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycall.record import InvalidEntry, Spool, SpoolFailed
from everycall.record.spool import LARGEST_ITEM, MAGIC, SpoolDamage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.spool"


def data_of(spool: Spool) -> list[bytes]:
    return [item.data for item in spool.items()]


def filled(path: Path, *items: bytes) -> Spool:
    spool = Spool(path)
    for item in items:
        spool.put(item)
    return spool


def test_a_spool_that_was_never_used_is_empty_and_makes_no_file(path: Path) -> None:
    spool = Spool(path)
    assert data_of(spool) == []
    assert spool.count() == 0
    assert spool.damage() == ()
    assert list(path.parent.iterdir()) == []


def test_items_come_back_in_their_order_and_after_reopening(path: Path) -> None:
    items = [b"a", b"\x00" * 1000, MAGIC, MAGIC * 50, b"x" * 1_000_000]
    assert data_of(filled(path, *items)) == items
    assert data_of(Spool(path)) == items
    assert Spool(path).count() == 5


def test_only_its_owner_may_read_it(path: Path) -> None:
    filled(path, b"612 555 0100")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"", b"x" * (LARGEST_ITEM + 1)], ids=["empty", "too large"])
def test_what_is_no_item_is_refused(path: Path, data: bytes) -> None:
    with pytest.raises(InvalidEntry):
        Spool(path).put(data)


def test_a_torn_tail_at_every_length_loses_only_the_torn_item(path: Path) -> None:
    spool = filled(path, b"first", b"second")
    whole = path.read_bytes()
    second = next(iter(spool.items())).end
    for length in range(second + 1, len(whole)):
        path.write_bytes(whole[:length])
        assert data_of(spool) == [b"first"]
        assert spool.damage() == (SpoolDamage(second, length - second, torn=True),)
        spool.put(b"third")
        assert data_of(spool) == [b"first", b"third"]
        assert spool.damage() == (SpoolDamage(second, length - second, torn=False),)


def test_any_flipped_bit_loses_only_its_own_item_and_is_reported(path: Path) -> None:
    spool = filled(path, b"first", b"second", b"third")
    whole = path.read_bytes()
    ends = [item.end for item in spool.items()]
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        hit = next(i for i, end in enumerate(ends) if place < end)
        assert data_of(spool) == [item for i, item in enumerate([b"first", b"second", b"third"]) if i != hit]
        (damage,) = spool.damage()
        assert damage.offset <= place < damage.offset + damage.length
        assert damage.torn == (hit == 2)


@given(st.binary(max_size=300), st.lists(st.binary(min_size=1, max_size=60), max_size=4), st.randoms())
def test_rubbish_between_items_hides_none(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, items: list[bytes], order: random.Random
) -> None:
    path = tmp_path_factory.mktemp("spool") / "calls.spool"
    spool = Spool(path)
    for item in items:
        with path.open("ab") as file:
            file.write(rubbish[: order.randint(0, len(rubbish))])
        spool.put(item)
    assert data_of(spool) == items


def test_clearing_takes_what_was_drained_and_leaves_what_came_since(path: Path) -> None:
    spool = filled(path, b"a", b"b")
    drained = list(spool.items())
    spool.put(b"c")
    spool.clear(drained[-1])
    assert data_of(spool) == [b"c"]
    (last,) = spool.items()
    spool.clear(last)
    assert data_of(spool) == []
    assert path.stat().st_size == 0
    spool.put(b"d")
    assert data_of(spool) == [b"d"]


def test_part_of_the_spool_can_be_cleared(path: Path) -> None:
    spool = filled(path, b"a", b"b", b"c")
    spool.clear(next(iter(spool.items())))
    assert data_of(spool) == [b"b", b"c"]


def test_clearing_by_an_item_that_is_gone_removes_nothing(path: Path) -> None:
    spool = filled(path, b"a", b"b")
    first, second = spool.items()
    spool.clear(second)
    for gone in (first, second):
        with pytest.raises(ValueError, match="read its items again"):
            spool.clear(gone)
    spool.put(b"c")
    with pytest.raises(ValueError, match="read its items again"):
        spool.clear(first)
    assert data_of(spool) == [b"c"]


def test_damaged_bytes_are_kept_aside_when_their_neighbours_are_cleared(path: Path) -> None:
    spool = filled(path, b"first")
    with path.open("ab") as file:
        file.write(b"half a call")
    spool.put(b"second")
    spool.clear(list(spool.items())[-1])
    assert path.with_name("calls.spool.damaged").read_bytes() == b"half a call"
    assert spool.damage() == ()
    with path.open("ab") as file:
        file.write(b"another half")
    spool.put(b"third")
    spool.clear(list(spool.items())[-1])
    assert path.with_name("calls.spool.damaged").read_bytes() == b"half a callanother half"


@pytest.mark.parametrize("at", ["os.fsync", "pathlib.Path.rename", "os.write", "everycall.record.spool.sync_folder"])
def test_clearing_cut_short_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    spool = filled(path, b"a", b"b", b"c")
    first = next(iter(spool.items()))

    def cut(*_: object) -> None:
        raise OSError(5, "power")

    monkeypatch.setattr(at, cut)
    with pytest.raises(SpoolFailed):
        spool.clear(first)
    monkeypatch.undo()
    assert data_of(Spool(path)) == ([b"b", b"c"] if path.stat().st_size < 100 else [b"a", b"b", b"c"])
    Spool(path).put(b"d")
    Spool(path).clear(next(iter(Spool(path).items())))
    assert data_of(Spool(path))[-2:] == [b"c", b"d"]


def test_putting_that_fails_says_so_and_harms_no_item(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = filled(path, b"a")
    written = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return written(descriptor, data[: len(data) // 2])

    monkeypatch.setattr("os.write", half)
    with pytest.raises(SpoolFailed, match="write the call down"):
        spool.put(b"b")
    monkeypatch.undo()
    spool.put(b"c")
    assert data_of(spool) == [b"a", b"c"]
    assert len(spool.damage()) == 1


def test_a_spool_that_cannot_be_read_says_so(path: Path) -> None:
    path.mkdir()
    with pytest.raises(SpoolFailed, match="look at the disk"):
        Spool(path).count()
    with pytest.raises(SpoolFailed, match="write the call down"):
        Spool(path).put(b"a")


def test_threads_putting_while_another_drains_lose_nothing(path: Path) -> None:
    expected = {f"{name}-{number}".encode() for name in "abcd" for number in range(20)}
    drained: list[bytes] = []

    def put(name: str) -> None:
        spool = Spool(path)  # each its own, as processes have
        for number in range(20):
            spool.put(f"{name}-{number}".encode())

    threads = [threading.Thread(target=put, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    drainer = Spool(path)
    while any(thread.is_alive() for thread in threads) or drainer.count():
        items = list(drainer.items())
        drained += [item.data for item in items]
        if items:
            drainer.clear(items[-1])
    assert len(drained) == len(expected)
    assert set(drained) == expected

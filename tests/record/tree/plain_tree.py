"""The tree as RFC 6962 §2.1 defines it, word for word and slowly; it shares nothing with what it judges."""

from __future__ import annotations

import hashlib
from functools import cache


@cache
def leaf(number: int) -> bytes:
    """Leaf hash of an entry that is unlike every other."""
    return hashlib.sha256(b"\x00" + b"entry %d" % number).digest()


def entry_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def inner(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaves(count: int) -> list[bytes]:
    return [leaf(number) for number in range(count)]


def split(size: int) -> int:
    """The largest power of two smaller than the size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


@cache
def mth(start: int, end: int) -> bytes:
    """MTH(D[start:end]) over the entries of `leaf`."""
    if start == end:
        return hashlib.sha256().digest()
    if end - start == 1:
        return leaf(start)
    middle = start + split(end - start)
    return hashlib.sha256(b"\x01" + mth(start, middle) + mth(middle, end)).digest()


def path(m: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end])."""
    if end - start == 1:
        return []
    k = split(end - start)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, *, complete: bool) -> list[bytes]:
    """SUBPROOF(m, D[start:end], b); PROOF is that from 0 with b true."""
    if m == end - start:
        return [] if complete else [mth(start, end)]
    k = split(end - start)
    if m <= k:
        return [*subproof(m, start, start + k, complete=complete), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, complete=False), mth(start, start + k)]


def node(height: int, index: int) -> bytes:
    """A complete subtree, as the makers of proofs ask for it."""
    return mth(index << height, (index + 1) << height)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)

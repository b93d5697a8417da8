"""How fast the tree is: `python bench/record_tree.py [--entries N]`.

Entries of 600 bytes, as `bench/append.py` has them. Everything is in memory: what the disk adds stands there. The
floor in the same run is one hash an entry and one a node, in a loop without anything else.
"""

import argparse
import hashlib
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator

from everycall.record.tree import (
    Algorithm,
    Checkpoint,
    Frontier,
    SigningKey,
    Tile,
    TiledEdge,
    TileReader,
    leaf_hash,
    open_checkpoint,
    sign_note,
    verify_inclusion,
)

GROUP = 16
BODY = bytes(range(256)) * 2 + bytes(80)


def entries(count: int) -> Iterator[bytes]:
    """Events of 600 bytes, each unlike the others."""
    for number in range(count):
        yield number.to_bytes(8) + BODY


def took(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def floor(count: int) -> None:
    """The hashes that any implementation must make."""
    digest = b""
    for entry in entries(count):
        digest = hashlib.sha256(b"\x00" + entry).digest()
        digest = hashlib.sha256(b"\x01" + digest + digest).digest()


def root_of(count: int) -> Frontier:
    """The tree over all entries, from their bytes."""
    return Frontier().extended(leaf_hash(entry) for entry in entries(count))


def grow(count: int, group: int, kept: dict[tuple[int, int], bytes]) -> TiledEdge:
    """The same in groups as they are committed, with the root of each group, and tiles as a store keeps them."""
    edge = TiledEdge()
    waiting: list[bytes] = []
    for number, entry in enumerate(entries(count), 1):
        waiting.append(leaf_hash(entry))
        if len(waiting) == group or number == count:
            edge, written = edge.grown(waiting)
            kept.update({(tile.level, tile.index): data for tile, data in written})
            _ = edge.frontier.root
            waiting = []
    return edge


def milliseconds(times: list[float]) -> str:
    """Median and 99th percentile."""
    cuts = statistics.quantiles(times, n=100)
    return f"{cuts[49] * 1000:9.3f} {cuts[98] * 1000:9.3f}"


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--proofs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    count = given.entries

    print(f"{'':52} {'seconds':>8} {'entries/s':>11}")
    rows: list[tuple[str, float]] = [("floor: one leaf and one node hash an entry", took(lambda: floor(count)))]
    rows.append(("entries verified against a root (frontier)", took(lambda: root_of(count))))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(("the same, one entry at a time, root after each", took(lambda: one_by_one(count))))
    for group in (1, GROUP, 1024):
        kept: dict[tuple[int, int], bytes] = {}
        elapsed = took(lambda group=group, kept=kept: grow(count, group, kept))  # type: ignore[misc]
        rows.append((f"appended with frontier and tiles, {group} a commit", elapsed))
    root = root_of(count).root

    def fetch(tile: Tile) -> bytes:
        return kept[tile.level, tile.index][: tile.width * 32]

    rows.append(("all leaf hashes read from tiles, each verified", took(lambda: read_all(count, root, fetch))))
    for name, seconds in rows:
        print(f"{name:52} {seconds:8.2f} {count / seconds:11,.0f}")
    print(f"Peak memory while verifying entries: {memory:.0f} MB\n")

    numbers = random.Random(given.seed)
    indexes = [numbers.randrange(count) for _ in range(given.proofs)]
    kept_reader = TileReader(count, root, fetch)
    proofs: list[tuple[int, tuple[bytes, ...]]] = []
    print(f"{'milliseconds':52} {'p50':>9} {'p99':>9}")
    cold = [took(lambda index=index: TileReader(count, root, fetch).inclusion_proof(index)) for index in indexes]  # type: ignore[misc]
    print(f"{'inclusion proof from tiles, nothing kept':52} {milliseconds(cold)}")
    warm = [took(lambda index=index: proofs.append((index, kept_reader.inclusion_proof(index)))) for index in indexes]  # type: ignore[misc]
    print(f"{'inclusion proof from tiles, one reader':52} {milliseconds(warm)}")
    steps = [took(lambda index=index: kept_reader.consistency_proof(index + 1)) for index in indexes]  # type: ignore[misc]
    print(f"{'consistency proof from tiles, one reader':52} {milliseconds(steps)}")
    leaves = {index: next(kept_reader.leaf_hashes(index)) for index in indexes}
    checks = [took(lambda i=i, p=p: verify_inclusion(leaves[i], i, count, p, root)) for i, p in proofs]  # type: ignore[misc]
    print(f"{'inclusion proof verified':52} {milliseconds(checks)}")
    key = SigningKey.make("bench.example/log", Algorithm.ED25519)
    text = Checkpoint("bench.example/log", count, root).encode()
    signed = sign_note(text, [key]).encode()
    signing = [took(lambda: sign_note(text, [key]).encode()) for _ in indexes]
    print(f"{'checkpoint signed and written':52} {milliseconds(signing)}")
    opening = [
        took(lambda: open_checkpoint(signed, origin="bench.example/log", log_keys=[key.verifier])) for _ in indexes
    ]
    print(f"{'checkpoint read and verified':52} {milliseconds(opening)}")


def one_by_one(count: int) -> None:
    """Each entry its own commit: a frontier and a root for each."""
    frontier = Frontier()
    for entry in entries(count):
        frontier = frontier.extended([leaf_hash(entry)])
        _ = frontier.root


def read_all(count: int, root: bytes, fetch: Callable[[Tile], bytes]) -> None:
    """What an auditor does with hash tiles alone."""
    for _ in TileReader(count, root, fetch).leaf_hashes():
        pass


if __name__ == "__main__":
    main()

"""A difference as lines of text that a chief can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.difference.sentences import among

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from everycall.policy.difference.result import Difference, Region, Shift, Touched, Verdict

_MOST_SHIFTS: Final = 6
_MOST_CODES: Final = 8
_TITLES: Final = {"less": "Less help", "more": "More help", "otherwise": "Neither less nor more, but otherwise"}
_NONE: Final = {
    "less": "No call gets less.",
    "more": "No call gets more.",
    "otherwise": "No call is staged otherwise (or until something else), "
    "and nobody else is told of what is held or handed over.",
}


def lines_of(difference: Difference) -> Iterator[str]:
    """The whole difference, line by line."""
    yield f"{difference.old} → {difference.new}"
    yield f"{difference.old_hash[:16]} → {difference.new_hash[:16]}"
    if difference.same_text:
        yield "The two texts are the same, byte for byte: no call is treated otherwise."
        return
    yield ""
    yield headline(difference)
    yield from _loud(difference)
    for verdict in difference.verdicts:
        yield ""
        yield from _direction(difference, verdict)
    if difference.changes:
        yield ""
        yield "For all calls, and in the text"
        for change in difference.changes:
            mark = "LESS: " if change.less else "note: " if change.warns else ""
            yield f"  - {mark}{change.words}"
    yield ""
    yield f"Asked: {among(difference.engines, 'and')}; {difference.seconds:.1f} s."
    yield "Every example was replayed through the evaluator that decides real calls."


def headline(difference: Difference) -> str:
    """The one sentence to read first."""
    slower = any(change.less for change in difference.changes)
    less = [region for region in difference.regions if region.direction == "less"]
    if less:
        return f"Some calls get LESS under the new version: {_count(less)}."
    if slower:
        return "No rule gives a call less, but an allowance of the floor became slower for every call."
    if not difference.nothing_less:
        return "It is NOT ESTABLISHED that no call gets less."
    if not difference.established:
        return "No call gets less under the new version. Not all of the rest is established."
    if not difference.regions:
        return "No call is treated otherwise."
    return "No call gets less under the new version."


def _count(regions: Sequence[Region]) -> str:
    return "one group of calls" if len(regions) == 1 else f"{len(regions)} groups of calls"


def _loud(difference: Difference) -> Iterator[str]:
    """Whatever touches only some callers is said first."""
    groups: dict[tuple[str, str], int] = {}
    for region in difference.regions:
        if region.touched.protected:
            key = (_word(region), region.touched.protected_words)
            groups[key] = groups.get(key, 0) + 1
    for (word, words), count in groups.items():
        subject = "one group that gets" if count == 1 else f"{count} groups that get"
        yield (
            f"CAREFUL: {subject} {word} {'is' if count == 1 else 'are'} only of calls where {words}. "
            "Who the caller is, or whose the place is, decides there."
        )


def _word(region: Region) -> str:
    return "other help" if region.direction == "otherwise" else region.direction


def _direction(difference: Difference, verdict: Verdict) -> Iterator[str]:
    regions = [region for region in difference.regions if region.direction == verdict.direction]
    established = "established by all engines" if verdict.established else "NOT ESTABLISHED"
    if not regions and verdict.complete:
        yield f"{_NONE[verdict.direction]} ({established})"
    elif not regions:
        yield f"{_TITLES[verdict.direction]}: {established}"
    else:
        listed = "" if verdict.complete else ", and there is more"
        yield f"{_TITLES[verdict.direction]}: {_count(regions)}{listed} ({established})"
    if verdict.because:
        yield f"  {verdict.because}"
    if verdict.beyond is not None:
        yield (
            f"  An example that is not listed: {verdict.beyond.words} "
            f"({verdict.beyond.old_rule} → {verdict.beyond.new_rule})."
        )
    for number, region in enumerate(_sorted(regions), 1):
        yield from _region(number, region, difference)


def _sorted(regions: Sequence[Region]) -> list[Region]:
    """Those that touch only some callers first, then by past calls."""
    return sorted(regions, key=lambda region: (not region.touched.protected, -(region.past or 0)))


def _region(number: int, region: Region, difference: Difference) -> Iterator[str]:
    words = region.description.words
    yield f"  {number}. {words[0].upper()}{words[1:]}."
    several = len(region.old_rules) + len(region.new_rules) > 2  # noqa: PLR2004 - one of each version
    yield f"     {_shifts(region.changes)}{' (the levels are those of the example)' if several else ''}"
    if region.also:
        yield f"     some of them also, such as the example: {_shifts(region.also)}"
    if region.mixed:
        yield "     mixed: the example gets less in one thing and more in another"
    yield f"     for example: {region.example.words}"
    yield f"     decided by {region.example.old_rule}, now by {region.example.new_rule}"
    touched = _touched(region.touched)
    if touched:
        yield f"     touches: {touched}"
    if region.past is not None:
        yield f"     past calls: {region.past:,} of {difference.past_calls or 0:,}"
    if not region.established:
        yield "     NOT ESTABLISHED that every one of these calls changes so"


def _shifts(shifts: Sequence[Shift]) -> str:
    shown = [shift.words for shift in shifts[:_MOST_SHIFTS]]
    rest = len(shifts) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more" if rest else "")


def _touched(touched: Touched) -> str:
    parts: list[str] = []
    for name, codes in (("services", touched.services), ("types", touched.types), ("zones", touched.zones or None)):
        if codes is not None:
            shown = codes[:_MOST_CODES]
            rest = len(codes) - len(shown)
            parts.append(f"{name} {', '.join(shown)}" if not rest else f"{len(codes)} {name}: {', '.join(shown)}, …")
    if touched.protected:
        parts.append(f"ONLY calls where {touched.protected_words}")
    return "; ".join(parts)

"""The what-if as lines of text, as plain values for programs, and as rows of a table. Ids and codes only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.difference.sentences import component_words
from everycall.simulate.whatif_plans import VERDICTS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from everycall.simulate.whatif import Treated, WhatIf

_MOST: Final = 10
_WORDS: Final = {
    "same": "as before",
    "less": "less",
    "more": "more",
    "mixed": "less in one thing and more in another",
    "otherwise": "neither less nor more, but otherwise",
    "not_comparable": "cannot be compared",
}
COLUMNS: Final = (
    "need",
    "call",
    "service",
    "type",
    "received_at",
    "verdict",
    "before",
    "after",
    "less",
    "more",
    "why_not",
)


def lines_of(found: WhatIf) -> Iterator[str]:
    """The whole study, line by line."""
    beside = f"version {found.against}" if found.against else "what the record says was decided"
    yield f"{found.calls:,} calls with {found.needs:,} needs, put to version {found.version} and compared with {beside}"
    yield "Each need is taken as it stood when help was first decided on."
    blind = found.unknown_types.total() + found.no_type
    if 2 * blind > found.needs:
        yield (
            f"CAREFUL: of {blind:,} needs the policy does not know the type, so this says little about its rules. "
            "Write the record's types into the policy's choice of types, or the policy's into the record."
        )
    if found.reconstructed:
        yield from _rebuilt(found)
    yield ""
    for verdict in VERDICTS:
        if found.verdicts[verdict] or verdict in ("same", "less", "more"):
            yield f"  {found.verdicts[verdict]:>9,}  {_WORDS[verdict]}{_share(found.verdicts[verdict], found.needs)}"
    for why, count in found.why_not.most_common():
        yield f"             {count:,} because {why}"
    yield from _seen(found)
    for title, counts in (("Less of", found.less), ("More of", found.more), ("Otherwise", found.otherwise)):
        if counts:
            yield ""
            yield title
            yield from _counted(counts)
    if found.rules:
        yield ""
        yield "By rule, before → after"
        for key, count in found.rules.most_common(_MOST):
            before, after, came_to = key
            examples = ", ".join(found.examples[key])
            yield f"  {count:>9,}  {before or 'nothing said'} → {after}: {_WORDS[came_to]}, for example {examples}"
        yield from _rest(len(found.rules), "pairs of rules")
    yield from _groups(found)


def _rebuilt(found: WhatIf) -> Iterator[str]:
    yield "This record was rebuilt from an export: it does not say which rule was followed."
    if found.against is None:
        yield (
            "So only the first priority is compared, number with number; whether the two scales mean the same, "
            "the record does not say. Name another version with --against to compare all that the rules say."
        )


def _share(count: int, whole: int) -> str:
    return f" ({100 * count / whole:.1f} %)" if whole and count else ""


def _seen(found: WhatIf) -> Iterator[str]:
    """What the policy could not see."""
    if found.unknown_types:
        whole = found.unknown_types.total()
        named = ", ".join([f"{name} ({count:,})" for name, count in found.unknown_types.most_common(_MOST)])
        rest = len(found.unknown_types) - min(len(found.unknown_types), _MOST)
        more = f" and {rest} more" if rest else ""
        yield ""
        yield (
            f"{len(found.unknown_types):,} types of {whole:,} needs are not among the policy's, so they count as "
            f"unknown: {named}{more}."
        )
    if found.no_type:
        yield f"{found.no_type:,} needs have no type: it counts as unknown."
    if found.sealed:
        named = ", ".join([name for name, _ in found.sealed_facts.most_common(_MOST)])
        yield f"Of {found.sealed:,} needs something that the policy reads is sealed and counts as unknown: {named}."


def _counted(counts: Counter[str]) -> Iterator[str]:
    for name, count in counts.most_common(_MOST):
        words = "priority" if name == "priority" else component_words(name)
        yield f"  {count:>9,}  {words}"
    yield from _rest(len(counts), "things")


def _groups(found: WhatIf) -> Iterator[str]:
    for name, counts in found.groups.items():
        yield ""
        yield f"Who gets less, by {name} (of all needs of that {name.removeprefix('group.')})"
        totals = found.group_totals[name]
        for value, count in counts.most_common(_MOST):
            yield f"  {count:>9,} of {totals[value]:,}  {value}"
        yield from _rest(len(counts), "more")


def _rest(count: int, what: str) -> Iterator[str]:
    if count > _MOST:
        yield f"             and {count - _MOST:,} {what if what == 'more' else 'more ' + what}"


def as_json(found: WhatIf) -> dict[str, object]:
    """The study for programs."""
    return {
        "version": found.version,
        "against": found.against,
        "reconstructed": found.reconstructed,
        "calls": found.calls,
        "needs": found.needs,
        "verdicts": {verdict: found.verdicts[verdict] for verdict in VERDICTS},
        "not_comparable_because": dict(found.why_not),
        "less": dict(found.less.most_common()),
        "more": dict(found.more.most_common()),
        "otherwise": dict(found.otherwise.most_common()),
        "rules": [
            {
                "before": before,
                "after": after,
                "verdict": verdict,
                "needs": count,
                "examples": found.examples[before, after, verdict],
            }
            for (before, after, verdict), count in found.rules.most_common()
        ],
        "groups_that_get_less": {
            name: [
                {"value": value, "needs": count, "of": found.group_totals[name][value]}
                for value, count in counts.most_common()
            ]
            for name, counts in found.groups.items()
        },
        "unknown_types": dict(found.unknown_types.most_common()),
        "needs_without_type": found.no_type,
        "needs_with_sealed_facts": found.sealed,
        "sealed_facts": dict(found.sealed_facts.most_common()),
    }


def row_of(treated: Treated) -> tuple[str | int, ...]:
    """One need as a row, in the order of `COLUMNS`; `received_at` is microseconds UTC."""
    need = treated.need
    lower = " ".join([name for name, sign in treated.changed.items() if sign < 0])
    higher = " ".join([name for name, sign in treated.changed.items() if sign > 0])
    return (
        need.need,
        need.call,
        need.service,
        _cell(need.type or ""),
        need.received_at,
        treated.verdict,
        _cell(treated.before),
        treated.after,
        lower,
        higher,
        treated.why_not,
    )


def _cell(text: str) -> str:
    """A code from outside, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

"""The zones that a text declares: which lies inside which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.attributes import ZONE_PREFIX, Zone
from everycall.policy.text.fields import LARGEST_NUMBER, LONGEST_FACT_NAME, ZONE
from everycall.policy.text.positions import Scalar
from everycall.policy.text.problems import near, quoted
from everycall.policy.text.values import entries_of, flag, keys_of, name_of, text, whole_number

if TYPE_CHECKING:
    from everycall.policy.text.positions import Node
    from everycall.policy.text.problems import Problems


def zones_of(problems: Problems, node: Node) -> tuple[Zone, ...]:
    """The zones in the order of the text."""
    entries = entries_of(problems, node, "zones")
    names = frozenset(key.text for key, _ in entries)
    zones = tuple([_zone(problems, key, value, names) for key, value in entries])
    known = {zone.name: zone for zone in zones}
    for (key, _), zone in zip(entries, zones, strict=True):
        _look_at_nesting(problems, key, zone, known)
    return zones


def _zone(problems: Problems, key: Scalar, node: Node, names: frozenset[str]) -> Zone:
    found = keys_of(problems, node, ZONE, f"Zone {quoted(key.text)}")
    most = LONGEST_FACT_NAME - len(ZONE_PREFIX)
    if len(key.text) > most:
        problems.add(key, f"The name of a zone has {len(key.text)} characters; {most} is the most.", "Shorten it.")
    premises = None
    if "premises" in found:
        premises = whole_number(problems, found["premises"], "'premises'", 0, LARGEST_NUMBER)
    return Zone(
        name=key.text,
        inside=(name_of(problems, found["inside"], "zone", names) or None) if "inside" in found else None,
        service_area=flag(problems, found["service_area"], "'service_area'") if "service_area" in found else False,
        premises=premises,
        source=text(problems, found["source"], "'source'") if "source" in found else "",
        line=key.line,
    )


def _look_at_nesting(problems: Problems, key: Scalar, zone: Zone, known: dict[str, Zone]) -> None:
    above: list[str] = []
    outer = zone.inside
    while outer is not None and outer not in above:
        above.append(outer)
        outer = known[outer].inside
    if zone.name in above:
        says = "itself" if above[0] == zone.name else f"itself, through {', '.join(map(quoted, above[:-1]))}"
        problems.add(key, f"Zone {quoted(zone.name)} lies inside {says}.", "Take out the wrong 'inside'.")
        return
    area = next((name for name in above if known[name].service_area), None)
    if zone.service_area and area is not None:
        problems.add(
            key,
            f"Service area {quoted(zone.name)} lies inside service area {quoted(area)}, but a place is in one of them.",
            "Let only one of the two be a service_area.",
        )


def zone_named(problems: Problems, node: Node, names: frozenset[str]) -> str:
    """A zone that a condition asks about."""
    if isinstance(node, Scalar) and node.text in names:
        return node.text
    if isinstance(node, Scalar):
        problems.add(node, f"There is no zone {quoted(node.text)}.", near(node.text, sorted(names)))
    else:
        problems.add(node, "'within' names no zone.", "Write the name of one zone; several go under 'any'.")
    return ""

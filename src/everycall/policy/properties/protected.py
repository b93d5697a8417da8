"""The protected list: what ships as protected, and what is derived from it, is declared as protected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.facts import PROTECTED
from everycall.policy.properties.report import Shown

if TYPE_CHECKING:
    from everycall.policy.attributes import Attribute
    from everycall.policy.rules import Policy

PROTECTED_LIST: Final = "protected_list"


def not_protected(policy: Policy) -> tuple[Shown, ...]:
    """The attributes that ought to be protected and are not, each with why."""
    declared = {attribute.name: attribute for attribute in policy.attributes}
    found: list[Shown] = []
    for attribute in policy.attributes:
        where = f" (line {attribute.line})" if attribute.line else ""
        if attribute.name in PROTECTED and not attribute.protected:
            reason = f" The reason given: {attribute.taken_off}" if attribute.taken_off else " No reason is given."
            words = f"{attribute.name}{where} is on the shipped list and is declared not protected.{reason}"
            found.append(Shown(kind="taken_off", words=words, variable=attribute.name))
        elif not attribute.protected:
            from_whom = _protected_ancestor(attribute, declared)
            if from_whom is not None:
                words = (
                    f"{attribute.name}{where} is derived from {from_whom}, which says who somebody is, and is not "
                    "declared protected."
                )
                found.append(Shown(kind="lineage", words=words, variable=attribute.name))
    return tuple(found)


def _protected_ancestor(attribute: Attribute, declared: dict[str, Attribute]) -> str | None:
    """The first protected attribute that this one was worked out from, however far back."""
    waiting, seen = list(attribute.derived_from), {attribute.name}
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        ancestor = declared.get(name)
        if name in PROTECTED or (ancestor is not None and ancestor.protected):
            return name
        if ancestor is not None:
            waiting.extend(ancestor.derived_from)
    return None

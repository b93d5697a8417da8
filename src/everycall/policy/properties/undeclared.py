"""Dangers that a text declares to be none: an objection, as taking a name off the protected list is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TYPE
from everycall.policy.properties.report import Shown
from everycall.policy.sensitive_names import sounds_dangerous

if TYPE_CHECKING:
    from everycall.policy.rules import Policy

NO_DANGER: Final = "no_danger"


def undeclared(policy: Policy) -> tuple[Shown, ...]:
    """The attributes that bear the name of a shipped danger and are declared to be none."""
    found: list[Shown] = []
    for attribute in policy.attributes:
        danger = None if attribute.protected or attribute.danger else sounds_dangerous(attribute)
        if danger is None or attribute.name == TYPE:
            continue
        where = f" (line {attribute.line})" if attribute.line else ""
        words = (
            f"{attribute.name}{where} bears the name of a danger ({danger}) and is declared to be none, so more of it "
            "may get less help. Make it 'danger: true', a yes_no, number or several in which more is more danger."
        )
        found.append(Shown(kind=NO_DANGER, words=words, variable=attribute.name))
    return tuple(found)

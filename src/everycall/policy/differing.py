"""The supports that may depend on who the caller is, and on what: the whole table, and nothing else.

A support is an instruction to people. "Ask the chief before sending" for some callers would be one too, so what may
differ is no choice of the text: without these supports the same help would not come to everyone.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGE: Final = "caller.language"
DISABILITY: Final = "caller.disability"

MAY_DIFFER: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        # Who speaks another language, or signs, must be understood.
        "interpreter": frozenset({LANGUAGE, DISABILITY}),
        "sign_interpreter": frozenset({LANGUAGE, DISABILITY}),
        # Who cannot hear or speak must be reached in writing or through somebody who relays.
        "relay": frozenset({LANGUAGE, DISABILITY}),
        "tty_relay": frozenset({LANGUAGE, DISABILITY}),
        # Who uses a wheelchair must be taken along with it, and be able to get in.
        "wheelchair_lift": frozenset({DISABILITY}),
        "wheelchair_access": frozenset({DISABILITY}),
        # Who cannot be carried by an ordinary crew or stretcher needs one that can.
        "bariatric_ambulance": frozenset({DISABILITY}),
    }
)
"""Of each support the protected attributes that it may depend on."""

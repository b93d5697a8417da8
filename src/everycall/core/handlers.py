"""The shape of the tables by which decide and evolve find a machine.

Each handler takes its own command or event class, which one dict type cannot say; hence the open parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from everycall.core.event import Event
    from everycall.core.refusals import Refusal

DecideTable = dict[type, Callable[..., "list[Event] | Refusal"]]
EvolveTable = dict[type, Callable[..., None]]

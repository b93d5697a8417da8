"""What a decision may look at besides the state and the command.

Now, the evaluator, travel times worked out beforehand, the certificate that a command names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.core.certificates import CertificateSummary
    from everycall.core.policies import Evaluator


@dataclass(frozen=True, slots=True)
class Given:
    """Handed in by the engine.

    `now` and `at` are microseconds UTC; `travel` is milliseconds by unit, to the place of the command's
    incident. `at` is when the thing happened as the sender has it; it is `now` when nothing else was said.
    """

    now: int
    at: int
    evaluator: Evaluator | None = None
    travel: Mapping[str, int] = field(default_factory=dict)
    certificate: CertificateSummary | None = None

    @property
    def since(self) -> int:
        """From when allowances run: when it happened, but never later than now, whatever a clock says."""
        return min(self.at, self.now)

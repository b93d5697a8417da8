"""The policy in force and the certificate of a command, found through ports that may fail.

That a policy cannot be found stops no call: the house's own rules serve, it is logged once, and it is shown.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from everycall.core.base import MINUTE
from everycall.core.versions import AdoptPolicy, Certified

if TYPE_CHECKING:
    from everycall.core.certificates import CertificateSummary
    from everycall.core.commands import AnyCommand
    from everycall.core.policies import Evaluator
    from everycall.engine.ports import Certificates, Evaluators

_log: Final = logging.getLogger(__name__)
ASK_AGAIN_AFTER: Final = 1 * MINUTE
"""A policy that could not be found is looked for again, this often."""


class PolicyDesk:
    """Finds the evaluator whenever another policy is in force, and certificates when a command names one."""

    def __init__(self, evaluators: Evaluators | None, certificates: Certificates | None) -> None:
        """Nothing is in force yet."""
        self._evaluators = evaluators
        self._certificates = certificates
        self._policy: str | None = None
        self._evaluator: Evaluator | None = None
        self._ask_again_at = 0
        self.missing: str | None = None

    def in_force(self, policy: str | None, now: int) -> Evaluator | None:
        """The evaluator of the policy in force; none while none is in force or it cannot be found."""
        if policy == self._policy and (self.missing is None or now < self._ask_again_at):
            return self._evaluator
        before = self.missing
        self._policy = policy
        self._evaluator = None if policy is None else self._find(policy)
        self.missing = policy if policy is not None and self._evaluator is None else None
        if self.missing is not None:
            self._ask_again_at = now + ASK_AGAIN_AFTER
            if self.missing != before:
                _log.critical("Policy %s is in force but cannot be found: the house's own rules serve.", policy)
        elif before is not None and before == policy:
            _log.warning("Policy %s was found again and decides from now on.", policy)
        return self._evaluator

    def _find(self, policy: str) -> Evaluator | None:
        if self._evaluators is None:
            return None
        try:
            found = self._evaluators.find(policy)
            fits = found is not None and found.policy == policy
        except Exception:
            if self.missing != policy:
                _log.exception("Policy %s could not be read.", policy)
            return None
        return found if fits else None

    def certificate_for(self, body: AnyCommand) -> CertificateSummary | None:
        """What the certificate that a command names says; none where it names none or it cannot be read."""
        if self._certificates is None or not isinstance(body, AdoptPolicy) or not isinstance(body.standing, Certified):
            return None
        try:
            return self._certificates.find(body.standing.certificate)
        except Exception:
            _log.exception("Certificate %s could not be read.", body.standing.certificate)
            return None

"""Policies and certificates as the record keeps them: blobs, found by the hash that an event carries."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from everycall.policy.certificate import CertificateError, summary_of
from everycall.policy.evaluator import PolicyEvaluator
from everycall.policy.text import PolicyError, read_policy
from everycall.record import RecordError

if TYPE_CHECKING:
    from everycall.core.certificates import CertificateSummary
    from everycall.core.policies import Evaluator
    from everycall.record import SqliteRecord

_log: Final = logging.getLogger(__name__)


class RecordPolicies:
    """Evaluators of the texts in a record; each is read once."""

    def __init__(self, record: SqliteRecord) -> None:
        self._record = record
        self._read: dict[str, Evaluator] = {}

    def find(self, policy: str) -> Evaluator | None:
        """The evaluator of the text with this hash; none when the record has no such text that can be read.

        The house's own rules serve then: they send help to everybody.
        """
        found = self._read.get(policy)
        if found is None:
            try:
                found = PolicyEvaluator(read_policy(self._record.blob(policy)))
            except (RecordError, PolicyError) as error:
                _log.critical("The policy %s cannot be used, so the house's own rules serve: %s", policy, error)
                return None
            self._read[policy] = found
        return found


class RecordCertificates:
    """Certificates in a record, in the few words that the core reads."""

    def __init__(self, record: SqliteRecord) -> None:
        self._record = record

    def find(self, certificate: str) -> CertificateSummary | None:
        """What the certificate with this hash says; none when the record has none that can be read."""
        try:
            return summary_of(self._record.blob(certificate))
        except (RecordError, CertificateError) as error:
            _log.critical("The certificate %s cannot be used: %s", certificate, error)
            return None

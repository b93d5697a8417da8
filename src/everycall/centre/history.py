"""The versions of the policy in a record: a fold over the events that put them in force and end them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.base import Frozen
from everycall.core.events import decode_event
from everycall.core.versions import (
    Certified,
    OverObjection,
    PolicyAdopted,
    PolicyCameIntoForce,
    PolicyCountersigned,
    PolicyLapsed,
)

if TYPE_CHECKING:
    from everycall.policy.certificate import Certificate
    from everycall.policy.properties.report import Shown
    from everycall.record import SqliteRecord

_NUMBER: Final = re.compile(r"[0-9.]+")
"""Seconds and conflicts, in a sentence on what was not settled."""


class Version(Frozen, frozen=True, kw_only=True):
    """One adoption of one text; instants in microseconds UTC.

    Attributes:
        since: From when it was in force; none while it waits.
        until: When it was in force no longer, or the end that is set; none while there is no end.
        standing: `certified`, `over_objection`, or `reads_nothing_protected` in old records.
        signed: The staff codes of those who put it in force over objection.
        failing: The failing pair in words.
    """

    sequence: int
    policy: str
    version: str
    standing: str
    certificate: str | None
    signed: tuple[str, ...]
    failing: tuple[str, ...]
    by: str
    authority: str
    reason: str
    adopted_at: int
    since: int | None
    until: int | None


def versions_of(record: SqliteRecord) -> list[Version]:
    """All versions in the order of their adoption."""
    found: list[Version] = []
    current: int | None = None
    for sequence, data in record.read():
        if b'"policy_' not in data:  # most entries are about calls; decoding them all would take its time
            continue
        envelope = decode_event(data)
        event = envelope.body
        if isinstance(event, PolicyAdopted):
            found.append(_version(sequence, event, envelope.actor.person))
            if not event.waits:
                current = _began(found, len(found) - 1, current, event.at)
        elif isinstance(event, PolicyCameIntoForce):
            waiting = [at for at, v in enumerate(found) if v.policy == event.policy and v.since is None]
            if waiting:
                current = _began(found, waiting[-1], current, event.at)
        elif isinstance(event, PolicyCountersigned):
            for at, version in enumerate(found):
                if (
                    version.policy == event.policy
                    and version.standing == "over_objection"
                    and at == _last(found, event)
                ):
                    found[at] = replace(version, signed=(*version.signed, event.person), until=event.ends_at)
        elif isinstance(event, PolicyLapsed) and current is not None:
            found[current] = replace(found[current], until=event.at)
            current = None
    return found


def differing_parts(kept: Certificate, new: Certificate) -> list[str]:
    """In what a certificate and a new proof of the same text differ, part by part.

    Nothing is left out but what may differ between two proofs of one text: seconds, how many questions were asked,
    the versions of the engines. Between different versions neither the questions' hashes nor the calls chosen as
    examples need be the same, so of what was found its kind, rules and variable are compared.
    """
    same_engines = kept.engines == new.engines
    first, second = (_comparable(certificate, whole=same_engines) for certificate in (kept, new))
    return [name for name in first if first[name] != second[name]]


def _comparable(certificate: Certificate, *, whole: bool) -> dict[str, object]:
    parts: dict[str, object] = {
        name: getattr(certificate, name)
        for name in certificate.__struct_fields__
        if name not in ("properties", "proxies", "engines", "cpu_seconds")
    }
    parts["engines"] = [name.partition(" ")[0] for name in certificate.engines]
    parts["properties"] = [found.name for found in certificate.properties]
    for found in certificate.properties:
        parts[found.name] = (
            found.verdict,
            found.says,
            [_NUMBER.sub("", said) for said in found.open] if whole else len(found.open),
            *[[each if whole else _told(each) for each in shown] for shown in (found.refutations, found.listed)],
            found.smtlib if whole else None,
        )
    parts["proxies"] = [
        each if whole else (each.kind, each.name, each.words, each.rules, [_told(shown) for shown in each.effects])
        for each in certificate.proxies
    ]
    return parts


def _told(shown: Shown) -> tuple[object, ...]:
    return shown.kind, shown.rules, shown.variable


def _last(found: list[Version], event: PolicyCountersigned) -> int:
    return max(at for at, version in enumerate(found) if version.policy == event.policy)


def _began(found: list[Version], now: int, before: int | None, at: int) -> int:
    if before is not None:
        found[before] = replace(found[before], until=at)
    found[now] = replace(found[now], since=at)
    return now


def _version(sequence: int, event: PolicyAdopted, by: str) -> Version:
    standing = event.standing
    objected = standing if isinstance(standing, OverObjection) else None
    ends = [end for end in (event.effective_to, objected.ends_at if objected else None) if end is not None]
    return Version(
        sequence=sequence,
        policy=event.policy,
        version=event.version,
        standing=standing.__struct_config__.tag if isinstance(standing.__struct_config__.tag, str) else "",
        certificate=standing.certificate if isinstance(standing, (Certified, OverObjection)) else None,
        signed=objected.persons if objected else (),
        failing=objected.failing if objected else (),
        by=by,
        authority=event.authority,
        reason=event.reason,
        adopted_at=event.at,
        since=None,
        until=min(ends) if ends else None,
    )

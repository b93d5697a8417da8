"""The verb `policy history`: which versions were in force when, by whose word, and whether each was checked."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from everycall.centre.history import Version, differing_parts, versions_of
from everycall.core.events import UnreadableEventError
from everycall.policy.output import even_if_nobody_reads
from everycall.policy.properties.asking import MissingEngineError
from everycall.policy.text import PolicyError
from everycall.record import RecordError, SqliteRecord

AS_CERTIFIED: Final = "as certified"
_SECONDS: Final = 60.0
"""For each question, as an adoption has."""


def history(
    record: Annotated[Path, Parameter()],
    /,
    *,
    text: str | None = None,
    certificate: str | None = None,
    recheck: bool = False,
    json: bool = False,
) -> int:
    """Show the versions of the policy that a record holds, the oldest first.

    Exit status 1 when a certificate does not stand up to `--recheck`.

    Args:
        record: The record.
        text: Write the text with this hash (or its beginning) instead, byte for byte.
        certificate: Write the certificate with this hash (or its beginning) instead, byte for byte.
        recheck: Prove each version again from its text, and compare with its certificate.
        json: Print it as JSON.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    try:
        with SqliteRecord.open(record, read_only=True) as opened:
            versions = versions_of(opened)
            wanted = text or certificate
            if wanted is not None:
                hashes = [v.policy if text else v.certificate for v in versions]
                found = sorted({name for name in hashes if name and name.startswith(wanted)})
                if len(found) != 1:
                    errors.print(
                        Text(f"error: {len(found)} in this record begin with {wanted}; give more of the hash.")
                    )
                    return 2
                sys.stdout.buffer.write(opened.blob(found[0]))
                sys.stdout.buffer.flush()
                return 0
            again = _rechecked(opened, versions) if recheck else {}
    except (RecordError, UnreadableEventError, PolicyError) as error:
        errors.print(Text(f"error: {error}"))
        return 2
    except MissingEngineError as error:
        errors.print(Text(f"error: {error}"))
        return 2
    status = 1 if any(word != AS_CERTIFIED for word in again.values()) else 0
    with even_if_nobody_reads():
        if json:
            content = {"versions": versions, "rechecked": again}
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n")
        else:
            _show(versions, again, Console(highlight=False, emoji=False))
    return status


def _rechecked(record: SqliteRecord, versions: list[Version]) -> dict[str, str]:
    """For each certificate whether a new proof says the same, and if not, where they differ."""
    from everycall.policy.certificate import (  # noqa: PLC0415  # needs the engines
        CertificateError,
        certificate_of,
        read_certificate,
    )
    from everycall.policy.properties.check import check  # noqa: PLC0415
    from everycall.policy.text import read_policy  # noqa: PLC0415

    found: dict[str, str] = {}
    for version in versions:
        if version.certificate is None or version.certificate in found:
            continue
        try:
            kept = read_certificate(record.blob(version.certificate))
        except CertificateError as error:
            found[version.certificate] = f"it is no certificate: {error}"
            continue
        differing = differing_parts(
            kept, certificate_of(check(read_policy(record.blob(version.policy)), seconds=_SECONDS))
        )
        found[version.certificate] = (
            f"the proof now says otherwise: {', '.join(differing)}" if differing else AS_CERTIFIED
        )
    return found


def _show(versions: list[Version], again: dict[str, str], console: Console) -> None:
    if not versions:
        console.print("No policy was ever adopted here: the house's own rules hold.")
        return
    grid = Table(show_lines=True)
    for name in ("version", "standing", "adopted", "in force", "authority and reason"):
        grid.add_column(name, overflow="fold")
    for version in versions:
        standing = version.standing.replace("_", " ")
        if version.certificate in again:
            standing += f"\nproved again: {again[version.certificate or '']}"
        if version.signed:
            standing += "\nby " + ", ".join(version.signed)
        if version.failing:
            standing += "\n" + "\n".join(version.failing)
        since = "not yet" if version.since is None else f"from {_when(version.since)}"
        until = "" if version.until is None else f"\nuntil {_when(version.until)}"
        grid.add_row(
            Text(f"{version.version}\n{version.policy[:12]}"),
            Text(standing),
            Text(f"{_when(version.adopted_at)}\nby {version.by}\nentry {version.sequence}"),
            Text(since + until),
            Text(f"{version.authority}\n{version.reason}"),
        )
    console.print(grid)


def _when(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")

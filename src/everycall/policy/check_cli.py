"""The verb `policy check`: whether a policy treats like calls alike, and what else must hold before it counts.

It reads one file and leaves no trace in any record: drafting a lawful rule must not be a risk. Returns 0 if all that is
required holds, 1 if something is refuted or not established, 2 if the file cannot be read or the check cannot run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.policy.output import NotWrittenError, even_if_nobody_reads, write_file
from everycall.policy.properties.report import CheckReport, PropertyReport, Shown

if TYPE_CHECKING:
    from everycall.policy.certificate import Certificate

SHOWN: Final = 3
"""So many pairs of a property, and listed things of a kind, are shown; all are in the certificate."""
WIDTH: Final = 110
NAMED: Final = 20
"""So many attributes that rules read and nobody protected are shown."""
_UNPROTECTED: Final = ("not_protected_but_near", "not_protected")
MOST_SAID: Final = 6
"""So many differences stand in the sentence; of more there is a table."""
_CERTIFICATE: Final = len(b'{\n "everycall_certificate": 1,\n "headline": ')
"""So many bytes say that a file is a certificate of this form."""
_QUESTIONS: Final = b"; question "
_STYLE: Final = {"holds": "green", "refuted": "bold red", "not_established": "bold yellow"}
_KINDS: Final = {
    "may_differ": "Help that may differ by who calls",
    "reads_protected": "Rules that read what is protected",
    "less_when_unknown": "Gets less while unknown",
    "less_when_unknown_open": "Not known whether it gets less while unknown",
    "substitution": "Declared: less of one kind of help in more danger",
    "unused_substitution": "Declared and never used",
    "staging": "Waiting near the place",
    "masked": "Rules that never decide",
    "perhaps_masked": "Rules that may never decide",
    "not_reached": "Never reached",
    "gap": "Answered by the default only",
}


def check(
    policy: Path,
    /,
    *,
    place_varies: Annotated[bool, Parameter(negative=())] = False,
    certificate: Path | None = None,
    smtlib: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    seconds: float = 20.0,
    thorough: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Check a policy by proof: like calls alike, unknown, danger, refusals, dead rules. Leaves no trace anywhere.

    Args:
        policy: The policy's file.
        place_varies: Also ask whether anything depends on the place within one service area.
        certificate: Write the certificate here: what was found, with the hash of every question.
        smtlib: Write the questions into this folder, in SMT-LIB, for any other solver.
        json: Print the certificate instead of words.
        seconds: What each engine may take for one question. Past it nothing is established.
        thorough: Ask the engines also what the order of the rules makes needless: slower, the same verdicts.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    if not seconds > 0:
        errors.print(Text("error: --seconds must be more than 0."))
        return 2
    try:
        from everycall.policy.properties.asking import MissingEngineError  # noqa: PLC0415 - only when it runs
        from everycall.policy.properties.check import check as check_policy  # noqa: PLC0415 - only when it runs
        from everycall.policy.text import PolicyError, read_policy  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        errors.print(Text(f"error: {error.name} is missing. Install it with: pip install 'everycall[policy]'."))
        return 2
    try:
        read = read_policy(policy.read_bytes())
        with errors.status("") as status:
            report = check_policy(
                read,
                seconds=seconds,
                place_varies=place_varies,
                progress=lambda what: status.update(Text(f"checking {what.replace('_', ' ')}")),
                keep_scripts=smtlib is not None,
                thorough=thorough,
            )
        written = _write(report, certificate, smtlib)
    except NotWrittenError as error:
        errors.print(Text(f"error: {error}"))
        return 2
    except PolicyError as error:
        errors.print(Text(str(error)))
        return 2
    except MissingEngineError as error:
        errors.print(Text(f"error: {error}"))
        return 2
    except OSError as error:
        name = error.filename or policy
        errors.print(Text(f"error: {error.strerror}: {name}. Name a file or folder that can be used."))
        return 2
    with even_if_nobody_reads():
        if json:
            sys.stdout.write(written.decode())
        else:
            console = Console(highlight=False, emoji=False)
            show(report, console if console.is_terminal else Console(highlight=False, emoji=False, width=WIDTH))
    return 0 if passes(report) else 1


def passes(report: CheckReport) -> bool:
    """Whether all that was asked holds: what is required, and the place where that was asked too."""
    verdicts = {found.name: found.verdict for found in report.properties}
    asked = {*REQUIRED_PROPERTIES, *verdicts}
    return not report.disagreements and all(verdicts.get(name) == "holds" for name in asked)


def _write(report: CheckReport, certificate: Path | None, smtlib: Path | None) -> bytes:
    from everycall.policy.certificate import certificate_bytes  # noqa: PLC0415 - only when it runs

    written = certificate_bytes(report)
    if smtlib is not None:
        smtlib.mkdir(parents=True, exist_ok=True)
        for script in report.scripts:
            write_file(
                smtlib / script.name,
                script.text.encode(),
                what="file of questions",
                ours=lambda begins: begins.startswith(_QUESTIONS),
            )
    if certificate is not None:
        write_file(
            certificate, written, what="certificate", ours=lambda begins: begins.startswith(written[:_CERTIFICATE])
        )
    return written


def show(report: CheckReport, console: Console) -> None:
    """The verdict first, then what refutes it, then what is listed, then the limits."""
    from everycall.policy.certificate import certificate_of  # noqa: PLC0415 - only when it runs

    told = certificate_of(report)
    console.print(Text(f"{report.title}, version {report.version}", style="bold"))
    console.print(Text(f"Authority cited: {report.authority}. SHA-256 {report.policy}", style="dim"))
    console.print()
    _verdicts(report, told, console)
    for found in report.properties:
        _refutations(found, console)
    for said in report.disagreements:
        console.print(Text(f"THE ENGINES DISAGREE. {said}", style="bold red"))
    _listed(report, console)
    _proxies(report, console)
    console.print()
    console.print(Text("What this does not say", style="bold"))
    for limit in told.limits:
        _say(console, limit, 2)
    engines = " and ".join(report.engines)
    questions = sum(found.questions for found in report.properties)
    console.print(Text(f"{questions} questions to {engines}; {report.cpu_seconds:.1f} CPU seconds.", style="dim"))


def _verdicts(report: CheckReport, told: Certificate, console: Console) -> None:
    console.print(
        Text(told.headline, style="bold green" if told.headline.startswith("This text treats") else "bold red")
    )
    if report.proxies:
        # Beside the headline: whoever reads no further must have seen it.
        flags = ", ".join(f"{flag.kind} {flag.name}" for flag in report.proxies)
        console.print(Text(f"Possible proxies for who somebody is: {flags} (below).", style="bold yellow"))
    near = [each.variable or "" for each in _unprotected(report) if each.kind == "not_protected_but_near"]
    if near:
        names = ", ".join(near)
        console.print(Text(f"Declared not protected, though the name sounds so: {names} (below).", style="bold yellow"))
    console.print()
    for found in report.properties:
        verdict = found.verdict
        line = Text(f"  {found.name.replace('_', ' '):<20}") + Text(verdict.replace("_", " "), style=_STYLE[verdict])
        console.print(line)
        _say(console, found.says, 6, "dim")
    if report.attributes:
        console.print()
        console.print(Text("Protected attributes", style="bold"))
    for each in report.attributes:
        line = Text(f"  {each.name}: ") + Text(each.verdict.replace("_", " "), style=_STYLE[each.verdict])
        console.print(line + Text(f". {each.because}"))
    unprotected = _unprotected(report)
    if unprotected:
        console.print()
        console.print(Text("Read by rules and not protected", style="bold"))
        for shown in unprotected[:NAMED]:
            _say(console, shown.words, 2)
        _and_more(len(unprotected), console, NAMED)


def _unprotected(report: CheckReport) -> list[Shown]:
    return [shown for found in report.properties for shown in found.listed if shown.kind in _UNPROTECTED]


def _refutations(found: PropertyReport, console: Console) -> None:
    if not found.refutations and not found.open:
        return
    console.print()
    console.print(Text(found.name.replace("_", " ").capitalize(), style="bold"))
    for shown in found.refutations[:SHOWN]:
        _say(console, shown.words, 2)
        if shown.second is not None:
            _difference(shown, console)
    _and_more(len(found.refutations), console)
    for said in found.open[:SHOWN]:
        _say(console, f"Not established: {said}", 2)
    _and_more(len(found.open), console)


def _say(console: Console, words: str, indent: int, style: str = "") -> None:
    """A paragraph that stays indented where it is folded."""
    console.print(Padding(Text(words, style=style), (0, 0, 0, indent)))


def _and_more(count: int, console: Console, shown: int = SHOWN) -> None:
    if count > shown:
        _say(console, f"… and {count - shown} more: --certificate or --json gives all.", 2, "dim")


def _listed(report: CheckReport, console: Console) -> None:
    by_kind: dict[str, list[str]] = {}
    for found in report.properties:
        for shown in found.listed:
            if shown.kind not in _UNPROTECTED:
                by_kind.setdefault(shown.kind, []).append(shown.words)
    if not by_kind and not report.overlaps:
        return
    console.print()
    console.print(Text("Listed: not refuted, to be read by whoever signs", style="bold"))
    for kind, words in by_kind.items():
        _say(console, f"{_KINDS.get(kind, kind)} ({len(words)})", 2)
        for said in words[:SHOWN]:
            _say(console, said, 4)
        _and_more(len(words), console)
    pairs = [(first, second) for first, later in report.overlaps.items() for second in later]
    if pairs:
        _say(console, f"Rules that meet, of which the earlier one wins ({len(pairs)} pairs)", 2)
        for first, second in pairs[:SHOWN]:
            _say(console, f"{first} before {second}", 4)
        _and_more(len(pairs), console)


def _proxies(report: CheckReport, console: Console) -> None:
    from everycall.policy.properties.proxies import OFFER, PLACE_VARIES  # noqa: PLC0415 - only when it runs

    if report.proxies:
        console.print()
        console.print(Text("Possible proxies: what can stand for who somebody is", style="bold yellow"))
    for proxy in report.proxies:
        _say(console, proxy.words, 2)
        for effect in proxy.effects[:SHOWN]:
            _say(console, effect.words, 4)
        _and_more(len(proxy.effects), console)
    if all(found.name != PLACE_VARIES for found in report.properties):
        console.print()
        console.print(Text(f"{OFFER}."))


def _difference(shown: Shown, console: Console) -> None:
    """Both outcomes side by side, in all components that differ."""
    if len(shown.differences) <= MOST_SAID:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("   ", "first", "second"):
        table.add_column(heading, overflow="fold")
    for each in shown.differences:
        table.add_row(Text(f"    {each.component}"), Text(each.first), Text(each.second))
    console.print(table)

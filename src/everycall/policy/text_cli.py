"""The verbs `policy new`, `policy format` and `policy schema`: the text itself, before anything is proved of it."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console

from everycall.policy.output import replace_file
from everycall.policy.text.layout import format_policy
from everycall.policy.text.positions import characters, nodes
from everycall.policy.text.problems import PolicyError, Problems
from everycall.policy.text.schema import policy_schema
from everycall.policy.text.template import COMMON_TYPES, new_policy

_TITLE: Final = "Who gets what help"
_AUTHOR: Final = "who writes this"
_AUTHORITY: Final = "the law, ordinance or order"
_VERSION: Final = "draft-1"
_TIME_ZONE: Final = "UTC"
_AS_SHIPPED: Final = (_TITLE, _AUTHOR, _AUTHORITY, _VERSION, _TIME_ZONE, None)


def new(
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("policy.yaml"),
    *,
    title: str = _TITLE,
    author: str = _AUTHOR,
    authority: str = _AUTHORITY,
    version: str = _VERSION,
    time_zone: str = _TIME_ZONE,
    types: Path | None = None,
    starter: bool = False,
) -> int:
    """Write a policy to fill in: complete, lawful for every call, with comments that say what to change.

    Args:
        output: The file to write; nothing may be there.
        title: What the policy is called.
        author: Who writes it.
        authority: On whose authority.
        version: The name of this version: letters, digits, '_', '.' and '-'.
        time_zone: Where its hours are, as the IANA names it, such as America/Los_Angeles.
        types: A file with the centre's incident types, one code a line.
        starter: The starter policy as it ships instead, some sixty rules for police, fire and EMS on the common
            incident types of NENA-STA-021.1b. Its heading is filled in by hand.
    """
    errors = _errors()
    given = (title, author, authority, version, time_zone, types)
    if starter and given != _AS_SHIPPED:
        errors.print("error: --starter stands alone. Fill in the heading of the file that it writes.")
        return 2
    try:
        if starter:
            text = starter_text()
        else:
            codes = COMMON_TYPES if types is None else _types_in(types)
            text = new_policy(version, title, author, authority, time_zone, codes)
        with output.open("xb") as file:
            file.write(text)
    except FileExistsError:
        errors.print(f"error: {output} is there already. Name another file with --output.", markup=False)
        return 2
    except UnicodeDecodeError:
        errors.print(f"error: {types} is no text in UTF-8. Name a file with one code a line.", markup=False)
        return 2
    except OSError as error:
        name = error.filename or output
        errors.print(
            f"error: {error.strerror or error}: {name}. Name files that can be read, and with --output a place that "
            "can be written.",
            markup=False,
        )
        return 2
    except PolicyError as error:
        errors.print("error: this cannot stand in a policy.", markup=False)
        for problem in error.problems:
            errors.print(f"{problem.says} Remedy: {problem.remedy}", markup=False)
        return 2
    Console(highlight=False, emoji=False, soft_wrap=True).print(
        f"{output}: change what its comments name, then run: everycall policy check {output}", markup=False
    )
    return 0


def format_file(file: Path, /, *, check: bool = False) -> int:
    """Lay out a policy in the one way: order of keys, durations, 120 columns. Meaning and comments stay.

    Args:
        file: The policy, which is written anew if its layout changes.
        check: Write nothing; exit status 1 if the layout would change.
    """
    errors = _errors()
    try:
        before = file.read_bytes()
        after = format_policy(before)
        if not _is_policy(before):
            errors.print(
                f"error: {file} has no key everycall_policy, so it is no policy, and stays as it is. Name a policy's "
                "file, or begin it with: everycall_policy: 1",
                markup=False,
            )
            return 2
        if before == after:
            return 0
        if check:
            errors.print(f"{file} would be laid out otherwise. Run: everycall policy format {file}", markup=False)
            return 1
        replace_file(file.resolve(), after)
    except OSError as error:
        errors.print(
            f"error: {error.strerror or error}: {file}. Name a policy's file that can be read and written.",
            markup=False,
        )
        return 2
    except PolicyError as error:
        for problem in error.problems:
            errors.print(f"{file}: {problem}", markup=False)
        return 2
    return 0


def schema() -> int:
    """Print the JSON Schema of the policy language, for editors that complete and check while one writes."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(policy_schema()), indent=2).decode() + "\n")
    return 0


def starter_text() -> bytes:
    """The starter policy, byte for byte as it ships."""
    return (files("everycall.policy") / "starter.yaml").read_bytes()


def _types_in(file: Path) -> tuple[str, ...]:
    return tuple([code for line in file.read_text("utf-8-sig").splitlines() if (code := line.strip())])


def _is_policy(text: bytes) -> bool:
    """Whether it says that it is one; else a stray name would lay out, and so rewrite, any file of YAML."""
    problems = Problems()
    return nodes(characters(text, problems), problems).get("everycall_policy") is not None


def _errors() -> Console:
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)

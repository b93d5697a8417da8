"""The verb `policy explain`: which rule decides a call, which came near, and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from everycall.policy.explain_view import show_explanation

_PIPED: Final = 120


def explain(policy: Path, call: Annotated[Path, Parameter(allow_leading_hyphen=True)], /, *, json: bool = False) -> int:
    """Say which rule decides a call, what raises it, which rules came near, and what not knowing may cost.

    Nothing is written anywhere: trying a call leaves no trace in a record.

    Args:
        policy: The policy's text.
        call: The call as JSON: service, type, received_at (or time and weekday) and facts; `-` reads it from the input.
        json: Print it as JSON instead.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    try:
        # Only here: what reads a policy comes with an extra.
        from everycall.policy.call_text import CallError, read_call  # noqa: PLC0415
        from everycall.policy.explain import explain as explained  # noqa: PLC0415
        from everycall.policy.text import PolicyError, read_policy  # noqa: PLC0415
    except ModuleNotFoundError as error:
        errors.print(Text(f"error: {error.name} is missing. Install it with: pip install 'everycall[policy]'."))
        return 2
    try:
        read = read_policy(policy.read_bytes())
        told = sys.stdin.buffer.read() if str(call) == "-" else call.read_bytes()
        found = explained(read, read_call(read, told))
    except (PolicyError, CallError) as error:
        errors.print(Text(str(error)))
        return 2
    except OSError as error:
        errors.print(Text(f"error: {error.strerror}: {error.filename}. Name a file that can be read."))
        return 2
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return 0
    console = Console(highlight=False, emoji=False)
    show_explanation(found, console if console.is_terminal else Console(highlight=False, emoji=False, width=_PIPED))
    return 0

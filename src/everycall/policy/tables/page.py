"""The decision tables as one page of HTML that needs nothing else."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from everycall.policy.tables.tables import tables_of

if TYPE_CHECKING:
    from everycall.policy.rules import Policy


def page_of(policy: Policy) -> str:
    """The page; the same policy gives the same text. What a policy says is shown, never run: it is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files(__package__) / "page.html").read_text(encoding="utf-8"))
    return template.render(heading=policy.heading, hash=policy.hash, tables=tables_of(policy)) + "\n"

"""The command line: one verb per task, each from its room's own small module, loaded when asked for."""

from __future__ import annotations

import sys
from importlib.metadata import version

from cyclopts import App

app = App(
    name="everycall",
    help="Computer-aided dispatch in which every call for help is answered for.",
    version=lambda: version("everycall"),
)
VERBS = {
    "import": ("everycall.exchange.cli:import_export", "A city's export into the calls table."),
    "replay": ("everycall.simulate.replay_cli:replay", "A city's calls through the core, into a new record."),
    "balance": ("everycall.centre.balance_cli:balance", "Needs received = with an outcome + open + spooled."),
    "show": ("everycall.centre.show_cli:show", "The story of one incident, stamp by stamp, who and why."),
    "export": ("everycall.centre.export_cli:export", "A record as calls table and assignments table."),
    "reconcile": ("everycall.centre.reconcile_cli:reconcile", "The telephone switch's log against a record."),
    "day": ("everycall.simulate.day_cli:day", "A synthetic day of an invented town, as a record."),
}
"""Where each verb lives, and what it is for: said here, so that listing the verbs loads none of them."""

for name, (place, purpose) in VERBS.items():
    app.command(place, name=name, help=purpose)


def main() -> None:
    """Run a verb.

    Its exit status is 0 if all is well, 1 if what it checks does not hold, 2 if it could not.
    """
    try:
        sys.exit(app())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        sys.stderr.close()
        sys.exit(0)

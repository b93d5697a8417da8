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
app.command("everycall.exchange.cli:import_export", name="import")
app.command("everycall.simulate.replay_cli:replay", name="replay")
app.command("everycall.centre.balance_cli:balance", name="balance")
app.command("everycall.centre.show_cli:show", name="show")
app.command("everycall.centre.export_cli:export", name="export")
app.command("everycall.centre.reconcile_cli:reconcile", name="reconcile")
app.command("everycall.simulate.day_cli:day", name="day")


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

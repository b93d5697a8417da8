"""The command line: one verb per task, each from its room's own small module, loaded when asked for."""

from __future__ import annotations

import sys
from importlib.metadata import version

from cyclopts import App

from everycall.policy.output import OutputClosedError, OutputError, check_output, drop_output

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
    "whatif": (
        "everycall.simulate.whatif_cli:whatif",
        "The past calls that another policy would have treated otherwise.",
    ),
    "day": ("everycall.simulate.day_cli:day", "A synthetic day of an invented town, as a record."),
}
"""Where each verb lives, and what it is for: said here, so that listing the verbs loads none of them."""

POLICY_VERBS = {
    "new": ("everycall.policy.text_cli:new", "A policy's text to fill in."),
    "format": ("everycall.policy.text_cli:format_file", "A policy's text in the one layout, its comments kept."),
    "schema": ("everycall.policy.text_cli:schema", "The JSON Schema of the language, for editors."),
    "check": ("everycall.policy.check_cli:check", "Whether it treats like calls alike, by proof."),
    "show": ("everycall.policy.show_cli:show_policy", "Decision tables, in the terminal or as a page."),
    "explain": ("everycall.policy.explain_cli:explain", "Which rule decides a call, which came near, and why."),
    "diff": ("everycall.simulate.whatif_cli:diff", "Which calls get less under a new version, which get more."),
    "adopt": ("everycall.centre.adopt_cli:adopt", "Put a checked version in force, or one over objection."),
    "countersign": ("everycall.centre.adopt_cli:countersign", "Sign for a version in force over objection."),
    "history": ("everycall.centre.history_cli:history", "The versions that were in force, by whom and why."),
}
"""The verbs of `everycall policy`. Only `adopt` and `countersign` write to a record."""

for name, (place, purpose) in VERBS.items():
    app.command(place, name=name, help=purpose)
policy = App(name="policy", help="Rules on who gets what help: write them, have them checked, put them in force.")
for name, (place, purpose) in POLICY_VERBS.items():
    policy.command(place, name=name, help=purpose)
app.command(policy)


def main() -> None:
    """Run a verb.

    Its exit status is 0 if all is well, 1 if what it checks does not hold, 2 if it could not.
    """
    check_output()
    status: str | int | None = 0
    try:
        try:
            status = app()
        except SystemExit as ended:
            status = ended.code
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OutputClosedError, BrokenPipeError):
        # The reader (head, less) has seen enough.
        drop_output()
    except OutputError as error:
        drop_output()
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    sys.exit(status)

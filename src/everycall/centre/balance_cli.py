"""The verb `balance`."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from everycall.centre.balance_view import balance_of, print_sheet
from everycall.core.events import UnreadableEventError
from everycall.core.vocabulary import OUTCOME_NAMES
from everycall.record import RecordError
from everycall.terminal import errors, json_text, printer, visible


def balance(record: Path, /, *, json: bool = False) -> int:
    """Show needs received = needs with an outcome + open + spooled. Exit status 1 if not.

    Args:
        record: The record.
        json: Print it as JSON instead.
    """
    try:
        sheet = balance_of(record)
    except (RecordError, UnreadableEventError) as error:
        errors().print(f"error: {visible(str(error))}", markup=False)
        return 2
    if not json:
        holds = print_sheet(sheet, printer())
        return 0 if holds and not sheet.cut_off else 1
    requests, own = sheet.balance.requests, sheet.balance.self_initiated
    content = {
        "centre": sheet.centre,
        "entries": sheet.entries,
        "calls": sheet.balance.calls,
        "requests": {
            "received": requests.received + sheet.spooled,
            "outcomes": {name: requests.outcomes[name] for name in OUTCOME_NAMES},
            "open": sheet.open_requests,
            "spooled": sheet.spooled,
        },
        "self_initiated": {
            "received": own.received + sheet.spooled_self_initiated,
            "outcomes": {name: own.outcomes[name] for name in OUTCOME_NAMES},
            "open": sheet.open_self_initiated,
            "spooled": sheet.spooled_self_initiated,
        },
        "balances": sheet.holds,
    }
    sys.stdout.write(json_text(msgspec.json.encode(content)) + "\n")
    return 0 if sheet.holds and not sheet.cut_off else 1

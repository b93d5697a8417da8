"""What column names and codes usually mean: the guesses of a starter profile, which a person checks.

Each guess is a pattern over the folded name or the folded word. A wrong guess here costs a line to correct;
it never reaches a table by itself,
because a starter profile is read by a person before it is used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from everycall.core.vocabulary import Channel
    from everycall.exchange.profiles import Said

_RECEIVED: Final = (
    r"receiv|created?|entry|entered|report(ed)?|start|opened?|initiat|^calltime|^calldate|incidentdate"
    r"|incidenttime|responsedate|eventdate|datetime|timestamp|^date|^time|occur|alarm|pickup"
)

STAMP_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    ("reopened", r"reopen"),
    ("queued", r"queue|pending"),
    ("call_taking_ended", r"calltaking(complete|end)|phonestop|calltakend|hangup|disconnect"),
    ("first_acknowledged", r"acknowledg|confirmed"),
    ("first_at_hospital", r"hospital|destination|atdest"),
    ("first_transporting", r"transport|depart|leav"),
    ("first_at_patient", r"patient"),
    ("first_staged", r"stag(ed|ing)"),
    (
        "first_en_route",
        r"enroute|enrt|enrout|rolling|responding|mobil|turnout|responsedttm|responsetime(stamp)?$|wheels",
    ),
    ("first_on_scene", r"onscene|arriv|atscene|onscn|onsite|1097|arrvd|reached"),
    ("first_cleared", r"clear|available|inservice|free|avail|1098"),
    ("first_dispatched", r"disp(?!o)|assign|dsp|alert|notif|toned|paged|1stunit|firstunit$|despatch"),
    ("answered", r"answer|pickup|pickedup"),
    ("closed", r"clos|complet|finish|resolved|ended?$|endtime|enddate|timeend|stop"),
    ("received", _RECEIVED),
)
"""Stamps by name, the special ones before the general ones."""

TEXT_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    ("latitude", r"^lat$|latitude|^ycoord|^gpsy|^y$"),
    ("longitude", r"^lon$|^lng$|^long$|longitude|^xcoord|^gpsx|^x$"),
    ("postal_code", r"zip|postal|postcode"),
    ("neighbourhood", r"neighbou?rh?ood|nbhd|community(area)?$"),
    ("first_priority", r"(initial|original|first|orig|entered).*(prio|sever|urgen)"),
    ("last_priority", r"prio|severity|urgency|^pri$"),
    (
        "first_type",
        r"(initial|original|first|orig|entered|reported).*(type|nature|problem|desc|code|complaint)",
    ),
    ("disposition", r"dispo|outcome|result|clearance|cancel|closecode|finalaction|closingcode|actiontaken"),
    ("channel", r"callsource|source|reception|howreceived|receivedby|origin|callmethod|channel|intake|is911"),
    ("self_initiated", r"selfinit|officerinit|onview|initiatedby|proactive"),
    ("service", r"^service|discipline|servicetype"),
    ("agency", r"agency|department|^dept|organi[sz]ation|jurisdiction|responder"),
    ("units", r"unit|apparatus|vehicle"),
    (
        "last_type",
        r"type|nature|problem|description|category|complaint|classification|incidentcode|eventcode|offen[cs]e",
    ),
    ("district", r"precinct|district|division|battalion|borough|station|shiftarea"),
    ("area", r"sector|beat|grid|zone|area|ward|tract|reportingdistrict|^rd$"),
)
"""Texts by name, the special ones before the general ones."""

ID_PATTERN: Final = r"incident|event|call|case|cad|master|number|num|id$|key|record|no$|ref"

_SAID: Final[tuple[tuple[str, Said], ...]] = (
    (r"\bg\.?o\.?a\b|gone (up)?on arrival|gone upon", "gone_on_arrival"),
    (r"unfounded|^unf\b", "unfounded"),
    (r"quiet on arrival|\barrived\b", "unit_arrived"),
    (r"unable to locate|\butl\b", "no_contact"),
    (r"arrest|transport(ed)?\b|booked|booking", "contact"),
    (
        r"cancel.*(caller|complainant|reporting party|\brp\b|compl)|(caller|complainant).*cancel",
        "cancelled_by_caller",
    ),
    (r"cancel.*(dispatch|supervisor|agency|police|fire|ems|sup\b)", "cancelled_by_agency"),
    (r"duplicate|^dup\b|dupl", "duplicate"),
    (r"misdial|mis-dial|\btest\b|wrong number|accidental", "no_emergency"),
    (r"(handled|settled|resolved|advised).*(phone|telephone)|telephone advice", "settled_by_phone"),
)

_CHANNELS: Final[tuple[tuple[str, Channel], ...]] = (
    (r"text", "text"),
    (r"tdd|tty", "tty"),
    (r"relay", "relay"),
    (r"officer|self|on.?view|field|unit|proactive|initiated", "unit_observation"),
    (r"alarm|asap", "alarm"),
    (r"web|online|internet", "web_form"),
    (r"e-?mail", "email"),
    (r"walk|counter|lobby|in person", "walk_in"),
    (r"other agency|mutual|transfer|cad2cad|c2c", "other_agency"),
    (r"non.?emerg|admin|10.?digit|ten.?digit|7.?digit|^phone|telephone|landline", "ten_digit_line"),
    (r"9-?1-?1|1-?1-?2|emergency", "emergency_voice"),
)


def guess_said(word: str) -> Said:
    """What a disposition usually says; `nothing` where it is not plain."""
    folded = " ".join(word.split()).casefold()
    return next((said for pattern, said in _SAID if re.search(pattern, folded)), "nothing")


def guess_channel(word: str) -> Channel:
    """Which channel a word usually means; `not_recorded` where it is not plain."""
    folded = word.strip().casefold()
    return next((channel for pattern, channel in _CHANNELS if re.search(pattern, folded)), "not_recorded")


def guess_service(word: str) -> str:
    """Which service a word usually means, empty where it is not plain."""
    folded = word.strip().casefold()
    for pattern, service in (
        (r"police|sheriff|\bpd\b|trooper|^law|^p$", "police"),
        (r"\bems\b|ambul|medic|rescue squad|^e$", "ems"),
        (r"fire|\bfd\b|^f$", "fire"),
    ):
        if re.search(pattern, folded):
            return service
    return ""

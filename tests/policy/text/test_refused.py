"""What is no policy: for each wrong text the place, what is said of it, and what to do.

In the table `§` marks where the problem is to be found; it is taken out before the text is read.
"""

# ruff: noqa: E501 - a row of a table is a line

from __future__ import annotations

import pytest
from policy_frame import FRAME, changed

from everycall.policy.text import PolicyError, Problem, read_policy
from everycall.policy.text.problems import MOST_PROBLEMS

VERIFIED = "  alarm_verified: {kind: yes_no, source: alarm_company, unknown: itself}"
EMPLOYER = "  caller.employer: {kind: choice, values: [agency_a, other], source: caller}"
WORKS = "  works_nearby: {kind: yes_no, source: record, derived_from: [caller.employer]}"
WEAPON = "  weapon: {kind: yes_no, source: call_taker, danger: true, unknown: no_less_than_absence}"
BLOCK = "  block: {inside: central, premises: 40}"
SHORT = "  short: [{tell: supervisor, after: 0 s}]"
WHEN = "when: {service: police, type: [robbery, hold_up_alarm]}"
RAISE = "add: {support: [interpreter]}"
DEFAULT = "default: {plan: report}"
OFFER = "offer: {to: federal_police, ground: their_property, within: 3 min, meanwhile: send, ladder: standard}"
EFFECTIVE = "effective: {from: 2027-01-01T00:00:00-08:00, to: 2028-01-01T00:00:00-08:00}"
TRIAGE_FLOOR = "floor: {priority: 2, dispatch_within: 2 min, find_out_within: 2 min}"
MAY_DIFFER = "may_differ: [{support: interpreter, by: [caller.language], because: The caller must be understood.}]"
INSTEAD = "instead: [{component: send.ambulance, because: Another unit brings it., until: it has come}]"
LONG = "x" * 241

YAML = [
    (DEFAULT, "default: {plan: report, §plan: report}", "stands here twice", "Keep one"),
    (DEFAULT, "default: §&a {plan: report}", "names this place for repeating", "use the named plans"),
    (DEFAULT, "default: {plan: §*a}", "repeats another place", "Write out"),
    (DEFAULT, "default: {plan: §!!str report}", "changes a word's kind", "Delete it"),
    (DEFAULT, "default: {plan: §!x report}", "changes a word's kind", "Delete it"),
    (DEFAULT, "default: {plan: report, §<<: {plan: report}}", "'<<' merges", "Write out"),
    (DEFAULT, "default: {§[plan]: report}", "A key is a map or a list", "plain word"),
    (DEFAULT, "default: {plan: §'rep\\u0000ort'}".replace("'", '"'), "nobody can see", "without escapes"),
    (DEFAULT, 'default: {plan: §"rep\\u202eort"}', "nobody can see", "without escapes"),
    ("title: Who gets", "title: §|\n  Who gets", "'|' form", "in quotes"),
    ("title: Who gets", "title: §>\n  Who gets", "'>' form", "in quotes"),
    ("title: Who gets what help", "title: §Who gets\n\n  what help", "an empty line", "one paragraph"),
    ("title: Who gets", "title: Who§: gets", "not YAML", "in quotes"),
    ("title: Who gets", "title: §@Who gets", "not YAML", "in quotes"),
    ("title: Who gets", "title:§\tWho gets", "a tab", "Use spaces"),
    ("title: Who gets", "title: Who§\u202egets", "U+202E", "Delete it"),
    ("title: Who gets", "title: Who§\u200bgets", "zero width space", "Delete it"),
    ("title: Who gets", "title: Who§\x07gets", "U+0007", "Delete it"),
    ("title: Who gets", "title: Who§\u2028gets", "line separator", "Delete it"),
    ("title: Who gets", "title: Who§\x85gets", "U+0085", "Delete it"),
    ("title: Who gets", "title: Who§\rgets", "U+000D", "Delete it"),
    (DEFAULT, "default: {plan: report}\n§---\na: b", "second document", "one policy a file"),
    ("everycall_policy: 1", "%YAML 1.1\n§---\neverycall_policy: 1", "directive", "Delete the line"),
    (DEFAULT, "default: {plan: " + "[" * 29 + "§[" + "]" * 30 + "}", "more than 30 deep", "Split"),
]  # fmt: skip

HEADING = [
    ("everycall_policy: 1\n", "§", "does not say 'everycall_policy'", "Add 'everycall_policy'"),
    ("everycall_policy: 1", "everycall_policy: §2", "is 2", "from 1 to 1"),
    ("everycall_policy: 1", "everycall_policy: §1.0", "not a whole number", "no fractions"),
    ("version: rivermouth-2027-01", "version: §1.10", "the number 1.10, not a code", 'in quotes: "1.10"'),
    ("version: rivermouth-2027-01", "version: §a b", "is not a code", "letters without accents"),
    ("version: rivermouth-2027-01", "version: §café", "is not a code", "letters without accents"),
    ("version: rivermouth-2027-01", "version: §" + "v" * 101, "100 is the most", "Shorten"),
    ("version: rivermouth-2027-01", "version: §[a]", "a list, not a code", "one word"),
    ("title: Who gets what help", "title: §true", "truth value", "quotes"),
    ("title: Who gets what help", "title: §12", "the number 12, not a text", "quotes"),
    ("title: Who gets what help", 'title: §" "', "is empty", "few words"),
    ("title: Who gets what help", "title: §~", "nothing, not a text", "quotes"),
    ("title: Who gets what help", f"title: §{LONG}", "240 is the most", "fewer words"),
    ("author: Office", "autor: Office", "does not say 'author'", "Add 'author'"),
    ("author: Office", "§autor: Office", "no key 'autor'", "Did you mean 'author'?"),
    ("time_zone: America/Los_Angeles", "time_zone: §America/Los_Angelos", "no time zone", "'America/Los_Angeles'"),
    ("time_zone: America/Los_Angeles", "time_zone: §posix/UTC", "no time zone", "Write one of"),
    ("time_zone: America/Los_Angeles", "time_zone: §../UTC", "no time zone", "UTC"),
    ("time_zone: America/Los_Angeles", "time_zone: §America", "no time zone", "America"),
    (EFFECTIVE, "effective: {from: §2027-01-01}", "not an instant", "offset from UTC"),
    (EFFECTIVE, "effective: {from: §2027-01-01T00:00:00}", "not an instant", "offset from UTC"),
    (EFFECTIVE, "effective: {from: §2027-02-30T00:00:00Z}", "no calendar", "offset from UTC"),
    (EFFECTIVE, "effective: {from: 2027-01-01T00:00Z, to: §2027-01-01T01:00+01:00}", "not after", "Exchange"),
    (EFFECTIVE, "effective: {§until: 2027-01-01T00:00Z}", "no key 'until'", "from, to"),
    (EFFECTIVE, "effective: §2027", "not a map", "from, to"),
]  # fmt: skip

ATTRIBUTES = [
    ("  type: {kind: choice", "  kind_of: {kind: choice", "do not declare 'type'", "Add type"),
    ("unknown: triage}", "unknown: §itself}", "is the type, so", "unknown: triage"),
    ("  type: {kind: choice, values: [robbery, hold_up_alarm, guard_property, theft]", "  §type: {kind: yes_no",
     "The type is not a choice", "kind: choice"),
    ("source: call_taker, unknown: triage}", "source: call_taker, protected: true}", "neither protected", "Delete"),
    (VERIFIED, "  §service: {kind: choice, values: [a], source: x, unknown: itself}", "the language's own", "Delete it"),
    (VERIFIED, "  §zone.x: {kind: yes_no, source: x, unknown: itself}", "the language's own", "another name"),
    (VERIFIED, "  §time.month: {kind: yes_no, source: x, unknown: itself}", "the language's own", "another name"),
    (VERIFIED, "  §any: {kind: yes_no, source: x, unknown: itself}", "the language's own", "another name"),
    (VERIFIED, "  §alarm verified: {kind: yes_no, source: x, unknown: itself}", "is not a code", "letters"),
    (VERIFIED, "  a: {kind: §yesno, source: x, unknown: itself}", "'yesno'", "Did you mean 'yes_no'?"),
    (VERIFIED, "  a: §{source: x, unknown: itself}", "does not say 'kind'", "Add 'kind'"),
    (VERIFIED, "  a: §yes_no", "not a map", "kind"),
    (VERIFIED, "  a: §{kind: yes_no, unknown: itself}", "does not say 'source'", "Add 'source'"),
    (VERIFIED, "  a: {kind: yes_no, source: x, unknown: itself, §danger_: true}", "no key 'danger_'", "'danger'"),
    (VERIFIED, "  §a: {kind: yes_no, source: x}", "what it counts as while unknown", "unknown: itself"),
    (VERIFIED, "  a: {kind: yes_no, source: x, unknown: §it}", "'unknown' is 'it'", "itself"),
    (VERIFIED, "  a: {kind: yes_no, source: x, unknown: §triage}", "not of the kind", "unknown: itself"),
    (VERIFIED, "  a: {kind: yes_no, source: x, unknown: §[itself]}", "is a list", "one word"),
    (VERIFIED, "  a: {kind: yes_no, source: x, unknown: §{counts_at: no}}", "other keys", "counts_as"),
    (VERIFIED, "  a: {kind: yes_no, source: x, unknown: {counts_as: §maybe}}", "'maybe'", "yes or no"),
    (VERIFIED, "  a: {kind: yes_no, source: x, unknown: {counts_as: §'yes'}}", "text in quotes", "without quotes"),
    (VERIFIED, "  a: {kind: choice, values: [b], source: x, unknown: {counts_as: §c}}", "'c'", "one of: b"),
    (VERIFIED, "  a: {kind: number, from: 0, to: 3, unit: m, source: x, unknown: {counts_as: §4}}", "outside", "range"),
    (VERIFIED, "  a: §{kind: choice, source: x, unknown: itself}", "does not say 'values'", "Add 'values'"),
    (VERIFIED, "  a: {kind: choice, values: §[], source: x, unknown: itself}", "an empty list", "at least one"),
    (VERIFIED, "  a: {kind: choice, values: §b, source: x, unknown: itself}", "not a list", "brackets"),
    (VERIFIED, "  a: {kind: choice, values: [b, §b], source: x, unknown: itself}", "twice", "Delete one"),
    (VERIFIED, "  a: {kind: choice, values: §[b, unknown], source: x, unknown: itself}", "names 'unknown'", "Delete it"),
    (VERIFIED, "  a: {kind: choice, values: §[b, 9x], source: x, unknown: itself}", "would seal", "another code"),
    (VERIFIED, "  a: {kind: choice, values: [b, §no way], source: x, unknown: itself}", "'no way' is not a code", "letters"),
    (VERIFIED, "  a: {kind: choice, values: [b, §true], source: x, unknown: itself}", "truth value", "in quotes"),
    (VERIFIED, "  a: {kind: choice, values: [b], from: §1, source: x, unknown: itself}", "no 'from'", "Delete 'from'"),
    (VERIFIED, "  a: {kind: choice, values: [b], §unit: m, source: x, unknown: itself}".replace("§unit: ", "unit: §"),
     "no 'unit'", "Delete 'unit'"),
    (VERIFIED, "  a: §{kind: number, from: 0, to: 3, source: x, unknown: itself}", "does not say 'unit'", "Add 'unit'"),
    (VERIFIED, "  a: {kind: number, from: 3, to: §0, unit: m, source: x, unknown: itself}", "upside down", "Exchange"),
    (VERIFIED, "  a: {kind: number, from: 0, to: §10000, unit: m, source: x, unknown: itself}", "10001 values", "coarser"),
    (VERIFIED, "  a: {kind: number, from: §0.5, to: 3, unit: m, source: x, unknown: itself}", "0.5", "no fractions"),
    (VERIFIED, "  a: {kind: number, from: §0x1, to: 3, unit: m, source: x, unknown: itself}", "0x1", "plain digits"),
    (VERIFIED, "  a: {kind: number, from: §+1, to: 3, unit: m, source: x, unknown: itself}", "+1", "plain digits"),
    (VERIFIED, "  a: {kind: number, from: §1_0, to: 30, unit: m, source: x, unknown: itself}", "1_0", "plain digits"),
    (VERIFIED, "  a: {kind: number, from: §010, to: 30, unit: m, source: x, unknown: itself}", "010", "plain digits"),
    (VERIFIED, "  a: {kind: number, from: §'1', to: 30, unit: m, source: x, unknown: itself}", "in quotes", "without quotes"),
    (VERIFIED, "  a: {kind: number, from: §1000001, to: 30, unit: m, source: x, unknown: itself}", "1000001", "from -1000000"),
    (VERIFIED, "  a: {kind: yes_no, source: x, danger: §maybe}", "'maybe'", "true or false"),
    (VERIFIED, "  a: {kind: choice, values: [b], source: x, danger: §true}", "no value is more danger", "yes_no, number"),
    (VERIFIED, "  a: {kind: yes_no, source: x, danger: §true, protected: true}", "at once", "Delete one"),
    (VERIFIED, "  a: {kind: yes_no, source: x, danger: true, unknown: §itself}", "is a danger, so", "no_less_than_absence"),
    (VERIFIED, "  a: {kind: yes_no, source: x, protected: true, unknown: §itself}", "is protected, so", "equal_to_every_value"),
    (VERIFIED, "  a: {kind: yes_no, source: x, protected: true, unknown: §{counts_as: no}}", "is protected, so",
     "equal_to_every_value"),
    (VERIFIED, "  a: {kind: yes_no, source: x, protected: false, taken_off: §why, unknown: itself}", "not taken off", "only"),
    (EMPLOYER, "  §caller.employer: {kind: choice, values: [a], source: x, protected: false, unknown: itself}",
     "shipped list", "taken_off"),
    (EMPLOYER, "  caller.employer: {kind: choice, values: [a], source: x, taken_off: §why}", "not taken off", "protected: false"),
    (EMPLOYER, EMPLOYER + "\n  §caller.in_danger: {kind: yes_no, source: x, danger: true}", "may say who", "protected: true"),
    (EMPLOYER, EMPLOYER + "\n  §caller.name: {kind: yes_no, source: x, protected: true}", "the core seals", "categorical"),
    (EMPLOYER, EMPLOYER + "\n  §person.age: {kind: yes_no, source: x, protected: true}", "the core seals", "categorical"),
    (EMPLOYER, EMPLOYER + "\n  §caller.payment: {kind: several, values: [a], source: x}", "the core seals", "categorical"),
    (WORKS, WORKS.replace("[caller.employer]", "[§caller.employr]"), "no attribute 'caller.employr'", "'caller.employer'"),
    (WORKS, WORKS.replace("[caller.employer]", "§[]"), "an empty list", "at least one"),
    (WORKS, WORKS.replace("[caller.employer]", "[weapon, §weapon], unknown: itself"), "twice", "Delete one"),
    (WORKS, WORKS.replace("  works_nearby", "  §works_nearby").replace("[caller.employer]", "[works_nearby]"),
     "derived from itself", "circle"),
    (WORKS, "  §a: {kind: yes_no, source: x, derived_from: [works_nearby]}\n"
     + WORKS.replace("[caller.employer]", "[a]"), "derived from itself", "circle"),
    (WORKS, WORKS.replace("derived_from", "protected: §false, derived_from"), "derived from a protected one", "Delete"),
    (VERIFIED, "  §hazards.chemicals: {kind: yes_no, source: x, unknown: itself}", "name of a value of 'hazards'", "Rename"),
    ("attributes:\n", "attributes: §[]\n_a:\n", "not a map", "a name, a colon"),
]  # fmt: skip

ZONES = [
    (BLOCK, "  block: {inside: §centrel}", "no zone 'centrel'", "'central'"),
    (BLOCK, "  §block: {inside: block}", "inside itself", "'inside'"),
    (BLOCK, "  §block: {inside: federal_building}", "inside itself, through 'federal_building'", "'inside'"),
    (BLOCK, "  §block: {inside: central, service_area: true}", "a place is in one of them", "only one"),
    (BLOCK, "  block: {inside: central, premises: §-1}", "is -1", "from 0"),
    (BLOCK, "  block: {inside: central, §polygon: x}", "no key 'polygon'", "inside, service_area"),
    (BLOCK, "  §block:", "not a map", "inside, service_area"),
]  # fmt: skip

LADDERS_AND_GRANTS = [
    (SHORT, "  short: §[]", "empty list", "at least one"),
    (SHORT, "  short: [{tell: §chief, after: 0 s}]", "'chief'", "'duty_chief'"),
    (SHORT, "  short: [{tell: §system, after: 0 s}]", "'system'", "Write one of"),
    (SHORT, "  short: [§{tell: supervisor}]", "does not say 'after'", "Add 'after'"),
    (SHORT, "  short: §[{tell: dispatcher, after: 0 s}]", "does not end in a person", "supervisor or duty_chief"),
    (SHORT, "  short: §[{tell: supervisor, after: 1 s}]", "tells nobody when the deadline passes", "'after: 0 s'"),
    (
        SHORT,
        "  short: §[{tell: dispatcher, after: 0 s}, {tell: supervisor, after: 2 s}, {tell: duty_chief, after: 1 s}]",
        "not ascend",
        "Order",
    ),
    (SHORT, "  short: §[{tell: supervisor, after: 0 s}, {tell: supervisor, after: 1 s}]", "twice", "Keep the first"),
    ("act: hold", "act: §refuse", "'refuse'", "hold, hand_over, decline"),
    ("roles: [dispatcher, supervisor]", "roles: §[]", "empty list", "at least one"),
    ("roles: [dispatcher, supervisor]", "roles: [dispatcher, §dispatcher]", "twice", "Delete one"),
    ("grounds: [caller_asks_for_later]", "grounds: §[]", "empty list", "at least one"),
    ("grounds: [caller_asks_for_later]", "grounds: §[ladder]", "components end in", "Choose another"),
    ("grounds: [caller_asks_for_later]", "grounds: §[not_ours.private]", "The ground 'not_ours.private' has a dot", "'_'"),
    (OFFER, OFFER.replace("to: f", "to: §private.f"), "The agency 'private.federal_police' has a dot", "'_'"),
    (OFFER, OFFER.replace("ground: t", "ground: §not.t"), "The ground 'not.their_property' has a dot", "'_'"),
    ("send: {police: 1}", "send: {§police.k9: 1}", "The capability 'police.k9' has a dot", "'_'"),
    (RAISE, "add: {support: §[interpreter.sign]}", "The support 'interpreter.sign' has a dot", "'_'"),
    (RAISE, "add: {support: [interpreter], send: {§police.k9: 1}}", "The capability 'police.k9' has a dot", "'_'"),
    ("grounds: [caller_asks_for_later], ", "", "does not say 'grounds'", "Add 'grounds'"),
    ("within: 1 h, ladder: standard}", "ladder: standard}", "does not say 'within'", "Add 'within'"),
    ("within: 1 h, ladder: standard}", "within: 1 h}", "does not say 'ladder'", "Add 'ladder'"),
    ("within: 1 h, ladder: standard}", "within: 1 h, ladder: §standart}", "no ladder 'standart'", "'standard'"),
    ("within: 1 h, ladder: standard}", "within: 1 h, ladder: standard, to: §[county]}", "no 'to'", "hand_over"),
    ("to: [county]", "to: §[any_other]", "no rule names", "its own code"),
    ("to: [county]", "to: §[]", "empty list", "at least one"),
]  # fmt: skip

PLANS = [
    ("report: {priority: 4, ", "report: §{", "does not say 'priority'", "Add 'priority'"),
    ("report: {priority: 4, ", "report: {priority: §10, ", "is 10", "from 0 to 9"),
    ("report: {priority: 4, ", "report: {priority: §low, ", "not a whole number", "from 0 to 9"),
    ("send: {police: 1}", "send: {police: §0}", "is 0", "from 1 to 100"),
    ("send: {police: 1}", "send: §[police]", "not a map", "{police: 2}"),
    ("send: {police: 1}", "send: {§two units: 1}", "not a code", "letters"),
    ("dispatch_within: 30 min", "dispatch_within: §30", "the number 30, not a duration", "its unit"),
    ("dispatch_within: 30 min", "dispatch_within: §30 minutes", "not a duration", "8 min"),
    ("dispatch_within: 30 min", "dispatch_within: §1 h 30 min", "not a duration", "8 min"),
    ("dispatch_within: 30 min", "dispatch_within: §1.5 h", "not a duration", "8 min"),
    ("dispatch_within: 30 min", "dispatch_within: §-1 s", "not a duration", "8 min"),
    ("dispatch_within: 30 min", "dispatch_within: §0 s", "no time", "8 min"),
    ("dispatch_within: 30 min", "dispatch_within: §367 d", "367 d", "at most 366 d"),
    ("dispatch_within: 30 min", "§dispatch: 30 min", "no key 'dispatch'", "'dispatch_within'"),
    ("may: [later, neighbour]", "may: [later, §neighbor]", "no grant 'neighbor'", "'neighbour'"),
    ("may: [later, neighbour]", "may: [later, §later]", "twice", "Delete one"),
    ("may: [later, neighbour]", "may: [§{as: later}]", "a map, not a name", "later"),
    ("cancellation_closes: false", "cancellation_closes: §never", "'never'", "true or false"),
    (OFFER, "offer: §{to: a, ground: b, within: 3 min, meanwhile: send}", "does not say 'ladder'", "Add 'ladder'"),
    (OFFER, OFFER.replace("meanwhile: send", "meanwhile: §go"), "'go'", "send, wait"),
    (OFFER, OFFER.replace("to: federal_police", "to: §any_other"), "no rule names", "its own code"),
    ("stage: {because: Somebody may be armed., until", "stage: §{until", "does not say 'because'", "Add 'because'"),
    (", until: The police say that it is safe.}", "}", "does not say 'until'", "Add 'until'"),
    (DEFAULT, "default: {plan: §reprot}", "no plan 'reprot'", "'report'"),
    (DEFAULT, "default: {plan: §{as: report}}", "changes nothing", "name alone"),
    (DEFAULT, "default: {plan: {as: §reprot, priority: 1}}", "no plan 'reprot'", "'report'"),
    (DEFAULT, "default: {plan: {as: report, §prio: 1}}", "no key 'prio'", "'priority'"),
    (DEFAULT, "default: {plan: §[report]}", "The plan is a list", "Name a plan"),
    (DEFAULT, "default: §report", "not a map", "plan"),
    (DEFAULT, "default: §{}", "does not say 'plan'", "Add 'plan'"),
    (DEFAULT + "\n", "", "does not say 'default'", "Add 'default'"),
    (TRIAGE_FLOOR, "floor: §{priority: 2, dispatch_within: 2 min}", "does not say 'find_out_within'", "find_out_within"),
    (", " + TRIAGE_FLOOR, "", "does not say 'floor'", "Add 'floor'"),
    ("answer_within: 15 s", "answer: 15 s", "does not say 'answer_within'", "Add 'answer_within'"),
]  # fmt: skip

RULES = [
    ("  - rule: robbery\n    when", "  - §when", "does not say 'rule'", "Add 'rule'"),
    ("  - rule: robbery", "  - rule: §a robbery", "not a code", "letters"),
    ("  - rule: robbery", "  - rule: §triage", "taken by the policy's own triage", "another id"),
    ("  - rule: robbery", "  - rule: §default", "taken by the policy's own default", "another id"),
    ("  - rule: hurt", "  - rule: §robbery", "two rules 'robbery' (the first on line 40)", "Rename"),
    ("  - rule: guard", "  - rule: §robbery", "two rules 'robbery'", "Rename"),
    ("    plan: two_officers\n", "", "does not say 'plan'", "Add 'plan'"),
    ("    plan: two_officers\n", "    §add: {priority: 1}\n    plan: two_officers\n", "no key 'add'", "rule, when, plan"),
    (f"    {WHEN}\n", "", "does not say 'when'", "Add 'when'"),
    (RAISE, "add: §{}", "raises nothing", "delete the rule"),
    (RAISE, "add: {support: §[]}", "empty list", "at least one"),
    (RAISE, "add: {support: [interpreter], send: §{}}", "empty map", "at least one"),
    (RAISE, "add: {support: [interpreter], keep_open: §false}", "cannot lower", "Delete it"),
    (RAISE, "add: {support: [interpreter], minimum_officers: §0}", "is 0", "from 1"),
    (RAISE, "add: {support: [interpreter], §cancellation_closes: false}", "no key 'cancellation_closes'", "Write one of"),
    (RAISE, "add: {support: [interpreter], forbid: [§refuse]}", "'refuse'", "hold"),
    (INSTEAD, "instead: §[]", "empty list", "at least one"),
    (INSTEAD, INSTEAD.replace("send.ambulance", "§ambulance"), "The component is 'ambulance'", "send.<capability>"),
    (INSTEAD, INSTEAD.replace("send.ambulance", "§stage"), "The component is 'stage'", "Write one of"),
    (INSTEAD, "instead: [§{component: priority, because: x}]", "does not say 'until'", "Add 'until'"),
    (INSTEAD, "instead: [{component: priority, because: x, until: y}, §{component: priority, because: x, until: y}]",
     "twice", "Delete one"),
    (MAY_DIFFER, MAY_DIFFER.replace("support: i", "support: §i").replace("interpreter", "interpretor"),
     "gives the support 'interpretor'", "'interpreter'"),
    (MAY_DIFFER, MAY_DIFFER.replace("caller.language", "§weapon"), "not protected", "protected attributes only"),
    (MAY_DIFFER, MAY_DIFFER.replace("caller.language", "§language"), "no attribute 'language'", "caller.language"),
    (MAY_DIFFER, MAY_DIFFER.replace("[caller.language]", "§[caller.language, caller.language]"), "twice", "Delete one"),
    (MAY_DIFFER, MAY_DIFFER.replace(", because: The caller must be understood.", "").replace("[{s", "[§{s"),
     "does not say 'because'", "Add 'because'"),
    ("rules:\n", "rules: §x\n_r:\n", "not a list", "brackets"),
    ("  - rule: robbery", "  - §robbery\n  - rule: robbery", "not a map", "rule, when, plan"),
]  # fmt: skip

CONDITIONS = [
    ("§robbery", "The condition is 'robbery'", "{type: robbery}"),
    ("§[{type: theft}]", "The condition is a list", "'all' or 'any'"),
    ("§{}", "empty map", "at least one"),
    ("{all: §[]}", "empty list", "at least one"),
    ("{any: §{type: theft}}", "a map, not a list", "brackets"),
    ("{§wepon: yes}", "no attribute 'wepon'", "'weapon'"),
    ("{§caller.name: x}", "no attribute", "caller."),
    ("{type: §burglary}", "'burglary'", "robbery, hold_up_alarm"),
    ("{type: [theft, §thefts]}", "'thefts'", "'theft'"),
    ("{type: [theft, §theft]}", "twice", "Delete one"),
    ("{type: §[]}", "empty list", "at least one"),
    ("{type: §~}", "nothing", "Write one of"),
    ("{service: §medical}", "'medical'", "police, fire, ems"),
    ("{weapon: §maybe}", "'maybe'", "yes or no"),
    ("{weapon: §'yes'}", "text in quotes", "without quotes"),
    ("{weapon: {§equals: yes}}", "asked with 'equals'", "is, in"),
    ("{weapon: {§between: [0, 1]}}", "asked with 'between'", "is, in"),
    ("{weapon: §{or: unknown}}", "Nothing is asked", "is, in"),
    ("{weapon: {is: yes, §in: [no]}}", "two things at once", "'all'"),
    ("{weapon: {is: yes, or: §no}}", "'or' is", "or: unknown"),
    ("{weapon: {is: §unknown, or: unknown}}", "say the same", "Delete 'or: unknown'"),
    ("{patients: §21}", "outside the declared 0 to 20", "widen"),
    ("{patients: §1.5}", "not a whole number", "no fractions"),
    ("{patients: {between: [0, §21]}}", "outside", "widen"),
    ("{patients: {between: §[3, 1]}}", "upside down", "Exchange"),
    ("{patients: {between: §[3]}}", "two ends", "[lowest, highest]"),
    ("{patients: {between: §3}}", "not a list", "brackets"),
    ("{patients: {§above: 3}}", "asked with 'above'", "between"),
    ("{hazards: §chemicals}", "several values at once", "{has: <a value>}"),
    ("{hazards: §[chemicals]}", "several values at once", "'any' or 'all'"),
    ("{hazards: {has: §acid}}", "'acid'", "chemicals, power_lines"),
    ("{hazards: {§is: chemicals}}", "asked with 'is'", "has"),
    ("{§hazards.acid: yes}", "no attribute", "hazards"),
    ("{zone: §block}", "not a question", "{within: <a zone>}"),
    ("{zone: {within: §blok}}", "no zone 'blok'", "'block'"),
    ("{zone: {within: §[block]}}", "names no zone", "'any'"),
    ("{zone: {§in: block}}", "asked with 'in'", "within"),
    ("{§zone.block: yes}", "no attribute 'zone.block'", "zone"),
    ("{time: §night}", "only 'during'", "two digits"),
    ("{time: §{during: [22:00, 06:00], or: unknown}}", "never unknown", "two digits"),
    ("{time: {during: §[22:00, 22:00]}}", "same time", "move one end"),
    ("{time: {during: §[22:00]}}", "two times", "two digits"),
    ("{time: {during: §[25:00, 06:00]}}", "two times", "two digits"),
    ("{time: {during: §[9:00, 17:00]}}", "two times", "two digits"),
    ("{time: {during: §[24:00, 06:00]}}", "begins at 24:00", "00:00"),
    ("{time: {during: §[10:60, 11:00]}}", "two times", "two digits"),
    ("{§time.of_day: 3}", "by that name", "during"),
    ("{§time.weekday: sunday}", "by that name", "weekday"),
    ("{weekday: §sonday}", "'sonday'", "'sunday'"),
    ("{weekday: §unknown}", "never unknown", "Delete"),
    ("{weekday: §{is: sunday, or: unknown}}", "never unknown", "Delete"),
    ("{weapon: yes, §weapon: no}", "twice", "under 'all'"),
]

NAMES = [
    (VERIFIED, "  m.a: {kind: several, values: [x], source: s, unknown: itself}\n"
     "  §m: {kind: several, values: [a.x], source: s, unknown: itself}", "has the name 'm.a.x'", "Rename one"),
    (VERIFIED, "  m.a: {kind: yes_no, source: s, unknown: itself}\n"
     "  m: {kind: several, values: [a], source: s, unknown: itself}".replace("  m.a", "  §m.a"), "the name of a value", "Rename"),
    (VERIFIED, "  §m: {kind: several, values: [%s], source: s, unknown: itself}" % ("v" * 79), "81 characters", "Shorten"),
    (VERIFIED, "  §%s: {kind: yes_no, source: s, unknown: itself}" % ("v" * 81), "81 characters; 80", "Shorten"),
    (BLOCK, "  §%s: {inside: central}" % ("b" * 76), "76 characters; 75", "Shorten"),
    (EMPLOYER, "  §caller: {kind: several, values: [employer], source: x, protected: false, unknown: itself}",
     "with its value 'caller.employer' is on the shipped list", "objection"),
    (VERIFIED, "  §caller: {kind: several, values: [in_danger], source: x, danger: true}", "may say who", "as it is"),
    *[(VERIFIED, f"  §{name}: {{kind: yes_no, source: x, unknown: itself}}", f"sounds like '{like}'", "'protected: false'")
      for name, like in (("employer", "caller.employer"), ("caller_employer", "caller.employer"),
                         ("Caller.employer", "caller.employer"), ("requester.employer", "caller.employer"),
                         ("place_owner", "place.owner"), ("homeowner", "place.owner"), ("Empl0yer", "caller.employer"),
                         ("placeOwner", "place.owner"), ("race", "race"), ("age.group", "caller.age_group"))],
    (VERIFIED, "  §who: {kind: several, values: [employer], source: x, unknown: itself}", "sounds like", "protected"),
    *[(VERIFIED, f"  §{name}: {{kind: yes_no, source: x, unknown: itself}}", "sounds like a danger", "danger: true")
      for name in ("weapon_seen", "anyone_in_danger", "inProgress", "person_trapped", "not_breathing")],
    (VERIFIED, "  §s: {kind: several, values: [weapon], source: x, unknown: itself}", "sounds like a danger", "objection"),
]  # fmt: skip
"""About names, of which a schema knows nothing."""

ROWS = [
    *YAML, *HEADING, *ATTRIBUTES, *ZONES, *LADDERS_AND_GRANTS, *PLANS, *RULES, *NAMES,
    *[(WHEN, f"when: {written}", says, remedy) for written, says, remedy in CONDITIONS],
]  # fmt: skip


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        read_policy(text.encode() if isinstance(text, str) else text)
    return caught.value.problems


def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= 120


@pytest.mark.parametrize(("old", "new", "says", "remedy"), ROWS, ids=[f"{at}-{row[2]}" for at, row in enumerate(ROWS)])
def test_a_wrong_text_is_told_where_why_and_what_to_do(old: str, new: str, says: str, remedy: str) -> None:
    text = changed(old, new)
    problems = problems_of(text.replace("§", ""))
    found = [each for each in problems if says in each.says]
    assert found, [str(each) for each in problems]
    assert remedy in found[0].remedy
    if "§" in text:
        before = text[: text.index("§")]
        assert found[0].line == before.count("\n") + 1
        assert found[0].column == len(before) - (before.rfind("\n") + 1) + 1


@pytest.mark.parametrize(
    ("text", "says", "remedy"),
    [
        (b"", "empty", "everycall policy new"),
        (b"\n  \n", "empty", "everycall policy new"),
        (b"# only a comment\n", "a map of keys", "everycall_policy: 1"),
        (b"{}", "a map of keys", "everycall_policy: 1"),
        (b"just words", "a map of keys", "everycall_policy: 1"),
        (b"- a\n- b\n", "a map of keys", "everycall_policy: 1"),
        (b"\xef\xbb\xbf" + FRAME.encode(), "byte order mark", "without it"),
        (FRAME.encode("utf-16"), "not in UTF-8", "Save it as UTF-8"),
        (FRAME.replace("Chief", "Ch\xe9f").encode("latin-1"), "not in UTF-8", "Save it as UTF-8"),
        (b"a: [b", "not YAML", "brackets"),
        (b'a: "b', "not YAML", "quotes"),
        (b'a: "\\uD800"', "nobody can see", "without escapes"),
        (b'a: "\\UFFFFFFFF"', "not YAML", "odd escape"),
        (b"a: b\n c: d\n", "not YAML", ""),
        (b"{" * 100_000, "deep", "Split"),
        (b"a:\n" + b"".join(b" " * n + b"- \n" for n in range(1, 200)), "deep", "Split"),
        (b"x" * (4 * 1024 * 1024 + 1), "4194304 is the most", "shorten"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "for repeating", "Delete it"),
    ],
)
def test_what_is_no_map_of_keys_at_all_is_refused(text: bytes, says: str, remedy: str) -> None:
    problems = problems_of(text)
    found = [each for each in problems if says in each.says]
    assert found, [str(each) for each in problems]
    assert remedy in found[0].remedy


def test_several_problems_are_told_at_once_by_line_with_their_rules() -> None:
    text = (
        FRAME.replace("plan: two_officers\n", "plan: tow_officers\n")
        .replace("zone: {within: federal_building}", "zone: {within: federal}")
        .replace("author: Office of the Chief\n", "")
    )
    with pytest.raises(PolicyError) as caught:
        read_policy(text.encode())
    assert str(caught.value).split("\n") == [
        "line 1: The policy does not say 'author'. Remedy: Add 'author': Who wrote it.",
        "line 41, rule 'robbery': There is no plan 'tow_officers'. Remedy: Did you mean 'two_officers'?",
        "line 47, rule 'guard': There is no zone 'federal'. Remedy: Did you mean 'federal_building'?",
    ]


def test_after_so_many_problems_the_reader_stops() -> None:
    text = FRAME.replace("rules:\n", "rules:\n" + "".join(f"  - {{x{n}: 1}}\n" for n in range(500)))
    problems = problems_of(text)
    assert len(problems) == MOST_PROBLEMS + 1
    assert any("There may be more" in each.says for each in problems)


def test_more_rules_than_any_policy_has_are_refused() -> None:
    text = FRAME.replace(
        "rules:\n", "rules:\n" + "".join(f"  - {{rule: r{n}, when: always, plan: report}}\n" for n in range(5_000))
    )
    assert any("5002 rules; 5000 is the most" in each.says for each in problems_of(text))


def test_a_missing_time_zone_data_base_is_not_blamed_on_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycall.policy.text.values.available_timezones", set)
    text = changed("time_zone: America/Los_Angeles", "time_zone: Nowhere/At_All")
    assert "tzdata" in problems_of(text)[0].remedy


def test_what_is_said_of_a_long_word_is_short() -> None:
    assert all(len(str(each)) < 1_000 for each in problems_of(changed("author: Office", "a" * 100_000 + ": Office")))


def test_each_further_rule_of_the_same_id_names_the_line_of_the_first() -> None:
    text = FRAME.replace("  - rule: guard", "  - rule: robbery").replace("  - rule: hurt", "  - rule: robbery")
    assert [each.says.split("(")[1] for each in problems_of(text)] == ["the first on line 40)."] * 2


def test_no_more_facts_are_read_than_an_adoption_can_name() -> None:
    def text(count: int) -> bytes:
        values = ", ".join(f"v{number}" for number in range(count))
        asked = ", ".join(f"{{many: {{has: v{number}}}}}" for number in range(count))
        declared = changed(
            VERIFIED, f"{VERIFIED}\n  many: {{kind: several, values: [{values}], source: x, unknown: itself}}"
        )
        return declared.replace(WHEN, f"when: {{any: [{asked}]}}").encode()

    already = len(read_policy(FRAME.encode()).read())
    with pytest.raises(PolicyError, match="301 facts; 300 is the most"):
        read_policy(text(301 - already))
    assert len(read_policy(text(300 - already)).read()) == 300


def test_no_more_is_protected_than_a_certificate_has_room_for() -> None:
    rows = "\n".join(f"  p{number}: {{kind: yes_no, source: x, protected: true}}" for number in range(301))
    with pytest.raises(PolicyError, match="More than 300 attributes are protected"):
        read_policy(changed(VERIFIED, f"{VERIFIED}\n{rows}").encode())


@pytest.mark.parametrize("name", ["storeys", "gender_neutral_sign", "terrace", "pavement", "alarm", "place.kind"])
def test_a_name_that_says_what_it_is_or_sounds_like_nothing_is_read(name: str) -> None:
    row = f"  {name}: {{kind: yes_no, source: x, protected: false, unknown: itself}}"
    policy = read_policy(changed(VERIFIED, row).encode())
    assert next(each for each in policy.attributes if each.name == name).protected is False


def test_a_value_of_several_that_is_on_the_shipped_list_is_protected_by_itself() -> None:
    row = "  caller: {kind: several, values: [complaint_history], source: record}"
    policy = read_policy(changed(VERIFIED, f"{VERIFIED}\n{row}").encode())
    assert policy.variables()["caller.complaint_history"].protected

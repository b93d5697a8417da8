"""Every key of the language as data: what the reader reads, the layout orders and the schema describes.

A section is a map with these keys; the order is the order in which a formatted text has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from everycall.core.policies import PermittedAct

if TYPE_CHECKING:
    from everycall.core.actors import Role

Kind = Literal[
    "one",  # the number 1, the language's version
    "text",
    "code",
    "codes",
    "part",  # a code without a dot
    "parts",
    "any_parts",  # may be an empty list
    "name",  # of something that the text declares: a ladder, a zone
    "names",
    "any_names",  # may be an empty list
    "flag",
    "true",
    "word",  # one of a closed list
    "words",
    "priority",
    "count",
    "integer",
    "counts",
    "duration",
    "delay",  # a duration that may be 0 s
    "time_zone",
    "instant",
    "unknown",
    "component",
    "condition",
    "plan",
    "section",
    "list",  # of sections
    "map",  # of sections by name
    "map_of_lists",
]
"""What can stand behind a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key.

    Attributes:
        name: The key.
        kind: What stands behind it.
        means: Its meaning in a sentence, shown by editors.
        required: Whether it must be there.
        words: For a closed list its words.
        of: For a section, a list or a map the keys of each part.
    """

    name: str
    kind: Kind
    means: str
    required: bool = False
    words: tuple[str, ...] = ()
    of: Section | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """The keys of one map."""

    name: str
    fields: tuple[Field, ...]

    def names(self) -> tuple[str, ...]:
        """The keys in their order."""
        return tuple([field.name for field in self.fields])


def _must(name: str, kind: Kind, means: str, *, words: tuple[str, ...] = (), of: Section | None = None) -> Field:
    return Field(name=name, kind=kind, means=means, required=True, words=words, of=of)


def _may(name: str, kind: Kind, means: str, *, words: tuple[str, ...] = (), of: Section | None = None) -> Field:
    return Field(name=name, kind=kind, means=means, words=words, of=of)


KINDS_OF_ATTRIBUTE: Final = ("yes_no", "choice", "number", "several")
ACTS: Final[tuple[PermittedAct, ...]] = get_args(PermittedAct)
PEOPLE: Final[tuple[Role, ...]] = (
    "call_taker",
    "dispatcher",
    "supervisor",
    "duty_chief",
    "neighbour_agency",
    "unit",
    "records",
    "oversight",
    "administrator",
)
"""Roles that a person or a crew can be in; the switch, the importer and the centre itself are nobody to tell."""

LAST_RUNGS: Final[frozenset[Role]] = frozenset({"supervisor", "duty_chief"})
"""Who must stand at the end of every ladder: a person who can order help."""

_BECAUSE: Final = _must("because", "text", "The reason, for people.")
_DEADLINES: Final = (
    _may("dispatch_within", "duration", "By when somebody must have been sent."),
    _may("arrive_within", "duration", "By when somebody must have arrived."),
    _may("find_out_within", "duration", "By when the type must be known."),
)

EFFECTIVE: Final = Section(
    "effective",
    (
        _may("from", "instant", "The first instant, with its offset from UTC."),
        _may("to", "instant", "The first instant at which it no longer counts."),
    ),
)
ATTRIBUTE: Final = Section(
    "attribute",
    (
        _must("kind", "word", "Its domain.", words=KINDS_OF_ATTRIBUTE),
        _may("values", "codes", "The values of a choice or of several."),
        _may("from", "integer", "The lowest value of a number."),
        _may("to", "integer", "The highest value of a number."),
        _may("unit", "text", "What a number counts."),
        _must("source", "text", "Who or what says it."),
        _may("derived_from", "names", "The attributes that it was worked out from."),
        _may("protected", "flag", "It says who the caller is or who owns the place: like calls may differ in it."),
        _may("taken_off", "text", "Why an attribute of the shipped protected list is not protected: an objection."),
        _may("danger", "flag", "More of it must never get less help."),
        _may("unknown", "unknown", "What it counts as while nobody knows it."),
    ),
)
ZONE: Final = Section(
    "zone",
    (
        _may("inside", "name", "The zone that it lies within."),
        _may("service_area", "flag", "One of the areas that the centre divides its work by."),
        _may("premises", "integer", "How many premises it holds."),
        _may("source", "text", "Where its border comes from."),
    ),
)
STEP: Final = Section(
    "step",
    (
        _must("tell", "word", "Who is told.", words=PEOPLE),
        _must("after", "delay", "How long after the deadline has passed."),
    ),
)
GRANT: Final = Section(
    "grant",
    (
        _must("act", "word", "What is allowed.", words=ACTS),
        _must("roles", "words", "Who may do it.", words=PEOPLE),
        _must("grounds", "parts", "The grounds, one of which must be given."),
        _may("to", "parts", "The agencies that a hand-over may go to; without it, any."),
        _must("within", "duration", "The longest hold, the longest wait for an answer, the time to a review."),
        _must("ladder", "name", "Who is told after that."),
    ),
)
STAGE: Final = Section(
    "stage",
    (_BECAUSE, _must("until", "text", "What ends the waiting, for people.")),
)
OFFER: Final = Section(
    "offer",
    (
        _must("to", "part", "The agency that is offered it first."),
        _must("ground", "part", "The coded ground."),
        _must("within", "duration", "How long it has to accept; then it comes back."),
        _must("meanwhile", "word", "Whether our units go meanwhile or wait.", words=("send", "wait")),
        _must("ladder", "name", "Who is told when there is no answer."),
    ),
)
PLAN: Final = Section(
    "plan",
    (
        _must("priority", "priority", "0 to 9, 0 the most urgent."),
        _may("send", "counts", "How many units of each capability."),
        _may("minimum_officers", "count", "At least so many officers."),
        _may("support", "any_parts", "What to arrange that is no unit."),
        _may("stage", "section", "Wait near the place until it is safe.", of=STAGE),
        *_DEADLINES,
        _may("ladder", "name", "Who is told when a deadline has passed."),
        _may("cancellation_closes", "flag", "Whether a cancellation by the caller can close it."),
        _may("offer", "section", "Offer it to another agency first.", of=OFFER),
        _may("may", "any_names", "The grants: who may hold, hand over or decline."),
    ),
)
AS: Final = _must("as", "name", "The named plan; the other keys replace what it says.")
CHANGED_PLAN: Final = Section(
    "changed plan", (AS, *[_may(field.name, field.kind, field.means, of=field.of) for field in PLAN.fields])
)
SUBSTITUTION: Final = Section(
    "substitution",
    (
        _must("component", "component", "What may be less although there is more danger."),
        _BECAUSE,
        _must("until", "text", "What ends it, for people."),
    ),
)
RAISE: Final = Section(
    "raise",
    (
        _may("priority", "priority", "At least as urgent as this."),
        _may("send", "counts", "At least so many of each."),
        _may("minimum_officers", "count", "At least so many officers."),
        _may("support", "parts", "Arrange these too."),
        _may("stage", "section", "Wait near the place until it is safe.", of=STAGE),
        *_DEADLINES,
        _may("ladder", "name", "Tell these people too, at the latest then."),
        _may("keep_open", "true", "A cancellation no longer closes it."),
        _may("go_meanwhile", "true", "Units go while an offer runs."),
        _may("forbid", "words", "Acts that nobody may do any more.", words=ACTS),
    ),
)
_RULE_HEAD: Final = (
    _must("rule", "code", "Its id, under which it decides and is named in the record."),
    _must("when", "condition", "The calls that it is for."),
)
_RULE_TAIL: Final = (
    _may("because", "text", "The reason, for people."),
    _may("instead", "list", 'Declared exceptions to "danger gets no less".', of=SUBSTITUTION),
)
RULE: Final = Section("rule", (*_RULE_HEAD, _must("plan", "plan", "What help goes out."), *_RULE_TAIL))
ADD_RULE: Final = Section("add rule", (*_RULE_HEAD, _must("add", "section", "What it raises.", of=RAISE), *_RULE_TAIL))
TRIAGE_FLOOR: Final = Section(
    "triage floor",
    (
        _must("priority", "priority", "At least as urgent as this."),
        _must("dispatch_within", "duration", "By when somebody must have been sent."),
        _must("find_out_within", "duration", "By when the type must be known."),
    ),
)
TRIAGE: Final = Section(
    "triage",
    (
        _must("plan", "plan", "What goes out while the type is unknown and no rule decides."),
        _must("floor", "section", "The least that a call of unknown type gets, whatever decides it.", of=TRIAGE_FLOOR),
    ),
)
DEFAULT_SECTION: Final = Section("default", (_must("plan", "plan", "What goes out when nothing else decides."),))
MAY_DIFFER: Final = Section(
    "may differ",
    (
        _must("support", "part", "The support that may depend on who the caller is."),
        _must("by", "names", "The protected attributes that it may depend on."),
        _BECAUSE,
    ),
)
FLOOR: Final = Section(
    "floor",
    (
        _must("answer_within", "duration", "By when a call must have been answered."),
        _must("acknowledge_within", "duration", "By when a unit must have acknowledged its assignment."),
        _must("call_back_within", "duration", "By when an abandoned call must have been called back."),
        _must("find_out_within", "duration", "By when the type must be known, where no plan says so."),
        _must("hand_over_within", "duration", "By when another agency must have accepted."),
        _must("hand_over_arrival_within", "duration", "By when it must have been asked whether it arrived."),
        _must("welfare_every", "duration", "How often a unit on scene is asked whether it is well."),
        _must("outcome_within", "duration", "By when an outcome must have been given."),
        _must("review_within", "duration", "By when a refusal must have been reviewed."),
        _must("retire_after", "duration", "When a settled call leaves the board."),
        _must("ladder", "name", "Who is told when one of these has passed."),
    ),
)
POLICY: Final = Section(
    "policy",
    (
        _must("everycall_policy", "one", "The version of the language: 1."),
        _must("version", "code", "The name of this version of the policy."),
        _must("title", "text", "What it is called."),
        _must("author", "text", "Who wrote it."),
        _must("authority", "text", "On whose authority: the law, ordinance or order."),
        _must("reason", "text", "Why this version was written."),
        _must("time_zone", "time_zone", "Where its hours and weekdays are, as the IANA names it."),
        _may("effective", "section", "From when to when it is meant to count.", of=EFFECTIVE),
        _must("attributes", "map", "What rules may look at.", of=ATTRIBUTE),
        _may("zones", "map", "Areas that rules may ask about.", of=ZONE),
        _must("ladders", "map_of_lists", "Who is told, step by step, when a deadline has passed.", of=STEP),
        _may("grants", "map", "Who may hold, hand over or decline.", of=GRANT),
        _must("plans", "map", "What help goes out, by name.", of=PLAN),
        _must("rules", "list", "Tried in order; the first whose condition holds decides.", of=RULE),
        _may("add", "list", "Each whose condition holds raises what was decided.", of=ADD_RULE),
        _must("triage", "section", "What a call of unknown type gets.", of=TRIAGE),
        _must("default", "section", "What every other call gets.", of=DEFAULT_SECTION),
        _may("may_differ", "list", "Support that may depend on who the caller is.", of=MAY_DIFFER),
        _must("floor", "section", "The allowances that hold for every call.", of=FLOOR),
    ),
)
SECTIONS: Final = (
    POLICY,
    EFFECTIVE,
    ATTRIBUTE,
    ZONE,
    STEP,
    GRANT,
    PLAN,
    CHANGED_PLAN,
    STAGE,
    OFFER,
    RULE,
    SUBSTITUTION,
    ADD_RULE,
    RAISE,
    TRIAGE,
    TRIAGE_FLOOR,
    DEFAULT_SECTION,
    MAY_DIFFER,
    FLOOR,
)

CONNECTIVES: Final = ("all", "any", "not")
COMPARISONS: Final = ("is", "in", "between", "has", "within", "during")
OR: Final = "or"
ALWAYS: Final = "always"
UNKNOWN: Final = "unknown"
ZONE_KEY: Final = "zone"
TIME_KEY: Final = "time"
WEEKDAY_KEY: Final = "weekday"
UNKNOWN_WORDS: Final = ("equal_to_every_value", "no_less_than_absence", "triage", "itself")
COUNTS_AS: Final = "counts_as"
LAST_PRIORITY: Final = 9
MOST_OF_A_KIND: Final = 100
LONGEST_TEXT: Final = 240
LONGEST_CODE: Final = 100
LARGEST_NUMBER: Final = 1_000_000
MOST_VALUES: Final = 10_000
MOST_RULES: Final = 5_000
LONGEST_FACT_NAME: Final = 80
"""Characters of a fact's name; an adoption (`everycall.core.versions.FactName`) takes no longer one."""
MOST_FACTS: Final = 300
"""Facts that the rules may read, and protected attributes: an adoption and a certificate have room for no more."""

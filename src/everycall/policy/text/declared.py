"""The attributes that a text declares, and what is protected among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from everycall.core.facts import must_be_sealed
from everycall.core.vocabulary import SERVICES
from everycall.policy.attributes import (
    SERVICE,
    TIME_ATTRIBUTES,
    TIME_OF_DAY,
    TYPE,
    WEEKDAY,
    ZONE_PREFIX,
    Attribute,
    Choice,
    Domain,
    Number,
    Several,
    Value,
    YesNo,
    variables_of,
)
from everycall.policy.sensitive_names import (
    WHO_PREFIXES,
    names_of,
    shipped_as_protected,
    sounds_dangerous,
    sounds_protected,
)
from everycall.policy.text.fields import (
    ATTRIBUTE,
    CONNECTIVES,
    COUNTS_AS,
    KINDS_OF_ATTRIBUTE,
    LONGEST_FACT_NAME,
    MOST_FACTS,
    MOST_VALUES,
    TIME_KEY,
    UNKNOWN,
    UNKNOWN_WORDS,
    WEEKDAY_KEY,
    ZONE_KEY,
)
from everycall.policy.text.positions import Mapping, Node, Scalar
from everycall.policy.text.problems import Problems, near, quoted
from everycall.policy.text.values import (
    codes,
    entries_of,
    flag,
    integer,
    keys_of,
    kind_words,
    name_of,
    refuse_twice,
    text,
    type_codes,
    word,
    yes_or_no,
)
from everycall.policy.text.values import items_of as items

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICE_ATTRIBUTE: Final = Attribute(
    name=SERVICE,
    domain=Choice(values=tuple([service for service in SERVICES if service != UNKNOWN])),
    source="call_taker",
)
"""What kind of help is asked for; every policy has it."""

SHIPPED: Final = (SERVICE_ATTRIBUTE, *TIME_ATTRIBUTES)

_RESERVED: Final = frozenset({*CONNECTIVES, ZONE_KEY, TIME_KEY, WEEKDAY_KEY, SERVICE, TIME_OF_DAY, WEEKDAY, UNKNOWN})
_RESERVED_PREFIXES: Final = (ZONE_PREFIX, "time.")
_VALUE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}")


def attributes_of(problems: Problems, node: Node) -> tuple[Attribute, ...]:
    """What ships and what the text declares, in that order; what protected attributes lead to is protected."""
    entries = entries_of(problems, node, "attributes")
    read = [_attribute(problems, key, value) for key, value in entries]
    if TYPE not in [attribute.name for attribute in read]:
        problems.add(
            node,
            "The attributes do not declare 'type'.",
            "Add type: {kind: choice, values: [...], source: call_taker, unknown: triage}.",
        )
    _refuse_clashes(problems, entries, read)
    if sum(attribute.protected for attribute in read) > MOST_FACTS:
        problems.add(
            node,
            f"More than {MOST_FACTS} attributes are protected, and a certificate has no room for so many.",
            "Declare fewer, or group them as the values of a choice.",
        )
    return (*SHIPPED, *_with_lineage(problems, entries, read))


def _attribute(problems: Problems, key: Scalar, node: Node) -> Attribute:
    name, what = key.text, f"Attribute {quoted(key.text)}"
    if name in _RESERVED or name.startswith(_RESERVED_PREFIXES):
        problems.add(
            key,
            f"{what} cannot be declared: the word is the language's own.",
            "Delete it if it is service, time or zone, which every policy has; else choose another name.",
        )
    found = keys_of(problems, node, ATTRIBUTE, what)
    domain = _domain(problems, node, found, what)
    if name != TYPE and isinstance(domain, (Choice, Several)):
        _refuse_sealed_values(problems, found["values"], domain.values)
    bare = Attribute(name=name, domain=domain, source="")
    listed = shipped_as_protected(bare)
    protected = _protected(problems, key, found, bare)
    _refuse_long_names(problems, key, names_of(bare))
    danger = flag(problems, found["danger"], "'danger'") if "danger" in found else False
    taken_off = text(problems, found["taken_off"], "'taken_off'") if "taken_off" in found else None
    if "taken_off" in found and (protected or listed is None):
        problems.add(
            found["taken_off"],
            f"{what} is not taken off the protected list.",
            "Write 'taken_off' only beside 'protected: false', for an attribute of that list.",
        )
    if listed is not None and not protected and "taken_off" not in found:
        which = what if listed == name else f"{what} with its value {quoted(listed)}"
        problems.add(
            key,
            f"{which} is on the shipped list of protected attributes.",
            "Delete 'protected: false', or add 'taken_off:' with the reason; the check reports it as an objection.",
        )
    _refuse_sealed(problems, key, domain, what)
    _refuse_danger(problems, found, domain, what, danger=danger, protected=protected)
    dangerous = sounds_dangerous(bare)
    if dangerous is not None and name != TYPE and "danger" not in found and not protected:
        problems.add(
            key,
            f"{what} sounds like a danger ({dangerous}) and does not say whether it is one.",
            "Write 'danger: true'; with 'danger: false' the check reports it as an objection.",
        )
    return Attribute(
        name=name,
        domain=domain,
        source=text(problems, found["source"], "'source'") if "source" in found else "",
        derived_from=tuple(
            [item.text for item in items(problems, found["derived_from"], "'derived_from'") if isinstance(item, Scalar)]
        )
        if "derived_from" in found
        else (),
        protected=protected,
        danger=danger,
        counts_as=_counts_as(problems, found, domain) if "unknown" in found else None,
        taken_off=taken_off,
        line=key.line,
    )


def _protected(problems: Problems, key: Scalar, found: dict[str, Node], bare: Attribute) -> bool:
    if "protected" in found:
        return flag(problems, found["protected"], "'protected'")
    if shipped_as_protected(bare) is not None:
        return True
    if any(name.startswith(WHO_PREFIXES) for name in names_of(bare)):
        problems.add(
            key,
            f"Attribute {quoted(key.text)} may say who somebody is.",
            "Write 'protected: true' or 'protected: false', as it is.",
        )
    return False


def _refuse_long_names(problems: Problems, key: Scalar, names: Iterable[str]) -> None:
    """An adoption names every fact that the rules read, and has room for names of so many characters."""
    longest = max(map(len, names))
    if longest > LONGEST_FACT_NAME:
        problems.add(
            key,
            f"A fact of {quoted(key.text)} has a name of {longest} characters; {LONGEST_FACT_NAME} is the most.",
            "Shorten the name, or the code of the value that it ends in.",
        )


def _refuse_sealed(problems: Problems, key: Scalar, domain: Domain, what: str) -> None:
    told = [f"{key.text}.{value}" for value in domain.values] if isinstance(domain, Several) else [key.text]
    if any(must_be_sealed(name, value=True) for name in told):
        problems.add(
            key,
            f"{what} can never be read by a policy: the core seals personal facts of that name.",
            "Use one of the categorical facts (caller.employer, caller.language…), or a name that is not personal.",
        )


def _refuse_danger(
    problems: Problems, found: dict[str, Node], domain: Domain, what: str, *, danger: bool, protected: bool
) -> None:
    if danger and isinstance(domain, Choice):
        problems.add(
            found["danger"],
            f"{what} is a choice, of which no value is more danger than another.",
            "Make it yes_no, number or several, or delete 'danger'.",
        )
    if danger and protected:
        problems.add(
            found["danger"],
            f"{what} is protected and a danger at once: help must not depend on the one and must on the other.",
            "Delete one of the two.",
        )


def _domain(problems: Problems, node: Node, found: dict[str, Node], what: str) -> Domain:
    kind = word(problems, found["kind"], f"The kind of {what}", KINDS_OF_ATTRIBUTE) if "kind" in found else ""
    wanted = {"choice": ("values",), "several": ("values",), "number": ("from", "to", "unit")}.get(kind, ())
    for name in ("values", "from", "to", "unit"):
        if kind and name in found and name not in wanted:
            problems.add(found[name], f"{what} is {kind}, which has no '{name}'.", f"Delete '{name}'.")
        if name in wanted and name not in found:
            problems.add(node, f"{what} is {kind} but does not say '{name}'.", f"Add '{name}'.")
    if kind == "number" and "from" in found and "to" in found:
        return _number(problems, found)
    if kind in ("choice", "several") and "values" in found:
        values = _codes_of_values(problems, found["values"], what)
        return Choice(values=values) if kind == "choice" else Several(values=values)
    return YesNo()


def _codes_of_values(problems: Problems, listed: Node, what: str) -> tuple[str, ...]:
    read = type_codes if what == f"Attribute {quoted(TYPE)}" else codes
    values = read(problems, listed, "'values'")
    if len(values) > MOST_VALUES:
        problems.add(listed, f"{what} has {len(values)} values; {MOST_VALUES} is the most.", "Group them.")
    if UNKNOWN in values:
        problems.add(
            listed, f"{what} names 'unknown' as a value.", "Delete it: every attribute can be unknown by itself."
        )
    return values


def _refuse_sealed_values(problems: Problems, listed: Node, values: tuple[str, ...]) -> None:
    """The core seals what does not look like a code, so that a rule could never see such a value."""
    for value in values:
        if value and not _VALUE.fullmatch(value):
            problems.add(
                listed,
                f"The value {quoted(value)} begins with no letter or is longer than 64 characters, "
                "and the core would seal it.",
                "Give it another code.",
            )


def _number(problems: Problems, found: dict[str, Node]) -> Number:
    lowest = integer(problems, found["from"], "'from'")
    highest = integer(problems, found["to"], "'to'")
    if highest < lowest:
        problems.add(found["to"], f"The range from {lowest} to {highest} is upside down.", "Exchange its ends.")
        highest = lowest
    elif highest - lowest + 1 > MOST_VALUES:
        problems.add(
            found["to"],
            f"The range from {lowest} to {highest} has {highest - lowest + 1} values; {MOST_VALUES} is the most.",
            "Use a coarser unit, or a nearer end: what lies outside counts as the nearer end.",
        )
        highest = lowest
    unit = text(problems, found["unit"], "'unit'") if "unit" in found else ""
    return Number(lowest=lowest, highest=highest, unit=unit)


def _counts_as(problems: Problems, found: dict[str, Node], domain: Domain) -> Value | None:
    """What a mapping `{counts_as: value}` says; words are looked at when the lineage is known."""
    node = found["unknown"]
    if not isinstance(node, Mapping):
        return None
    named = [value for key, value in node.entries if key.text == COUNTS_AS]
    if len(node.entries) != 1 or not named:
        problems.add(node, "'unknown' is a map with other keys.", "Write unknown: {counts_as: <a value>}.")
        return None
    return value_of(problems, named[0], domain, "'counts_as'")


def value_of(problems: Problems, node: Node, domain: Domain, what: str) -> Value | None:
    """A known value of a domain; none where it is not one."""
    if isinstance(domain, Number):
        return integer_within(problems, node, domain, what)
    if isinstance(domain, Choice):
        return word(problems, node, what, domain.values) or None
    value = yes_or_no(node) if isinstance(node, Scalar) else None
    if value is None:
        problems.add(node, f"{what} is {kind_words(node)}.", "Write yes or no, without quotes.")
    return value


def integer_within(problems: Problems, node: Node, domain: Number, what: str) -> int:
    """A whole number of the range."""
    value = integer(problems, node, what)
    if not domain.lowest <= value <= domain.highest:
        problems.add(
            node,
            f"{what} is {value}, outside the declared {domain.lowest} to {domain.highest}.",
            "Stay within the range, or widen it where the attribute is declared.",
        )
        return domain.lowest
    return value


def _refuse_clashes(problems: Problems, entries: tuple[tuple[Scalar, Node], ...], read: Iterable[Attribute]) -> None:
    """No two declarations may give one variable its name: the later would be read where a rule means the earlier."""
    taken: dict[str, str] = {variable.name: each.name for each in SHIPPED for variable in variables_of(each)}
    read = tuple(read)
    values = {
        variable.name: attribute.name
        for attribute in read
        if isinstance(attribute.domain, Several)
        for variable in variables_of(attribute)
    }
    for (key, _), attribute in zip(entries, read, strict=True):
        if key.text in values:
            problems.add(
                key,
                f"Attribute {quoted(key.text)} has the name of a value of {quoted(values[key.text])}.",
                "Rename one of them.",
            )
        if not isinstance(attribute.domain, Several):
            continue
        for name in dict.fromkeys(variable.name for variable in variables_of(attribute)):
            if name in taken:
                problems.add(
                    key,
                    f"A value of attribute {quoted(key.text)} has the name {quoted(name)}, as a value of "
                    f"{quoted(taken[name])} has.",
                    "Rename one of the attributes or values: a rule could not say which of the two it means.",
                )
            taken[name] = attribute.name


def _with_lineage(
    problems: Problems, entries: tuple[tuple[Scalar, Node], ...], read: list[Attribute]
) -> tuple[Attribute, ...]:
    """The attributes, protected where anything that they were worked out from is; and their `unknown` looked at."""
    known = {attribute.name: attribute for attribute in (*SHIPPED, *read)}
    made: list[Attribute] = []
    for (key, node), attribute in zip(entries, read, strict=True):
        said = {name.text: value for name, value in node.entries} if isinstance(node, Mapping) else {}
        if "derived_from" in said:
            places = items(Problems(), said["derived_from"], "")
            refuse_twice(problems, places, [name_of(problems, place, "attribute", known) for place in places])
        ancestors = _ancestors(attribute, known)
        if attribute.name in ancestors:
            problems.add(
                key,
                f"Attribute {quoted(attribute.name)} is derived from itself.",
                "Break the circle of 'derived_from'.",
            )
        protected = attribute.protected
        if any(known[name].protected for name in ancestors) and not protected:
            protected = True
            if "protected" in said:
                problems.add(
                    said["protected"],
                    f"Attribute {quoted(attribute.name)} is derived from a protected one, so it is protected.",
                    "Delete 'protected: false', or derive it from other attributes.",
                )
        near_one = sounds_protected(attribute)
        silent = attribute.name != TYPE and not protected and "protected" not in said
        # What begins with caller. or person. was asked already.
        if silent and near_one is not None and not any(name.startswith(WHO_PREFIXES) for name in names_of(attribute)):
            problems.add(
                key,
                f"Attribute {quoted(attribute.name)} sounds like {quoted(near_one)}, which is protected, and does "
                "not say whether it is.",
                "Write 'protected: true', or 'protected: false': the check then lists it as read and not protected.",
            )
        _look_at_unknown(problems, key, said.get("unknown"), attribute, protected=protected)
        made.append(
            attribute
            if protected is attribute.protected
            else Attribute(
                name=attribute.name,
                domain=attribute.domain,
                source=attribute.source,
                derived_from=attribute.derived_from,
                protected=True,
                danger=attribute.danger,
                counts_as=attribute.counts_as,
                taken_off=attribute.taken_off,
                line=attribute.line,
            )
        )
    return tuple(made)


def _ancestors(attribute: Attribute, known: dict[str, Attribute]) -> frozenset[str]:
    """All that an attribute was worked out from, through any number of steps."""
    found: set[str] = set()
    waiting = [name for name in attribute.derived_from if name in known]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(further for further in known[name].derived_from if further in known)
    return frozenset(found)


def _look_at_unknown(
    problems: Problems, key: Scalar, node: Node | None, attribute: Attribute, *, protected: bool
) -> None:
    """Whether `unknown` is what this attribute's unknown must count as."""
    what = f"Attribute {quoted(attribute.name)}"
    forced = ""
    if attribute.name == TYPE:
        forced = "triage"
        if not isinstance(attribute.domain, Choice):
            problems.add(key, "The type is not a choice.", "Write kind: choice and its values.")
        if protected or attribute.danger:
            problems.add(key, "The type is neither protected nor a danger.", "Delete 'protected' and 'danger'.")
    elif protected:
        forced = "equal_to_every_value"
    elif attribute.danger:
        forced = "no_less_than_absence"
    if node is None:
        if not forced:
            problems.add(
                key,
                f"{what} does not say what it counts as while unknown.",
                "Add 'unknown: itself' or 'unknown: {counts_as: <a value>}'.",
            )
        return
    said = node.text if isinstance(node, Scalar) else ""
    if isinstance(node, Scalar) and said not in UNKNOWN_WORDS:
        problems.add(node, f"'unknown' is {kind_words(node)}.", near(said, (*UNKNOWN_WORDS, "{counts_as: <a value>}")))
    elif forced and said != forced:
        because = {"triage": "the type", "equal_to_every_value": "protected", "no_less_than_absence": "a danger"}[
            forced
        ]
        problems.add(node, f"{what} is {because}, so its unknown can only be {forced}.", f"Write 'unknown: {forced}'.")
    elif not forced and said and said != "itself":
        problems.add(
            node,
            f"{what} is not of the kind whose unknown is {said}.",
            "Write 'unknown: itself' or 'unknown: {counts_as: <a value>}'.",
        )
    elif not isinstance(node, (Scalar, Mapping)):
        problems.add(node, "'unknown' is a list.", "Write one word, or {counts_as: <a value>}.")

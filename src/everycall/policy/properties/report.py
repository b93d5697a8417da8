"""What a check found, as values: the report that is shown, and that the certificate is made of.

Invariants:

1. A verdict is `holds` only if every question of the property was answered by both engines, or needed none.
2. Whatever is shown as a call or a pair was decided by the real evaluator, not by an engine.
"""

from __future__ import annotations

import msgspec

from everycall.core.base import Frozen
from everycall.core.certificates import AttributeVerdict, PropertyVerdict, Verdict
from everycall.policy.attributes import Value


class ShownCall(Frozen, frozen=True, kw_only=True):
    """One call, and what the evaluator made of it.

    Attributes:
        facts: Its known values by variable; what is missing is unknown.
        words: The same for people.
        rule: What decided it.
        line: Where that rule stands; 0 for what has no line.
        raised_by: The `add` rules that raised its plan.
    """

    facts: dict[str, Value]
    words: str
    rule: str
    line: int = 0
    raised_by: tuple[str, ...] = ()


class Difference(Frozen, frozen=True, kw_only=True):
    """What one call gets and the other gets instead, in one component."""

    component: str
    first: str
    second: str


class Shown(Frozen, frozen=True, kw_only=True):
    """Something found: a sentence for people, the rules concerned, and the calls that show it.

    Attributes:
        kind: What sort of thing it is, a fixed word for programs.
        words: The sentence.
        rules: The rules concerned, the one to look at first.
        variable: The variable or attribute that it is about.
        first: A call that shows it.
        second: Its twin, where it takes two.
        differences: In which components the two differ.
    """

    kind: str
    words: str
    rules: tuple[str, ...] = ()
    variable: str | None = None
    first: ShownCall | None = None
    second: ShownCall | None = None
    differences: tuple[Difference, ...] = ()


class PropertyReport(Frozen, frozen=True, kw_only=True):
    """One property.

    Attributes:
        says: The property in words.
        refutations: What shows that it does not hold, one for each failing rule or attribute.
        open: Why it is not established, where it is not.
        listed: What does not refute it and should be read all the same.
        questions: How many questions went to the engines.
        witnesses: How many were settled by a call that the evaluator confirmed, without an engine.
        smtlib: SHA-256 of its questions as SMT-LIB, joined; none where no engine was asked.
        cpu_seconds: What it took.
    """

    name: str
    verdict: Verdict
    says: str
    refutations: tuple[Shown, ...] = ()
    open: tuple[str, ...] = ()
    listed: tuple[Shown, ...] = ()
    questions: int = 0
    witnesses: int = 0
    smtlib: str | None = None
    cpu_seconds: float = 0.0


class AttributeReport(Frozen, frozen=True, kw_only=True):
    """One protected attribute: whether what goes out can depend on it, and which rules look at it."""

    name: str
    verdict: Verdict
    because: str
    rules: tuple[str, ...] = ()
    may_differ: tuple[str, ...] = ()


class Proxy(Frozen, frozen=True, kw_only=True):
    """A zone or time window so narrow that it can stand for who somebody is.

    Attributes:
        kind: `zone` or `time`.
        name: The zone, or the window as the rule has it.
        words: The flag, for people.
        rules: The rules that ask about it.
        effects: What the rules lower or raise by it, each shown by an evaluated pair.
    """

    kind: str
    name: str
    words: str
    rules: tuple[str, ...]
    effects: tuple[Shown, ...] = ()


class Script(Frozen, frozen=True, kw_only=True):
    """The questions of one property in one scene, in SMT-LIB 2."""

    name: str
    text: str


class CheckReport(Frozen, frozen=True, kw_only=True):
    """All that a check found.

    Attributes:
        overlaps: Of two rules that both match some call and say different things: the earlier one, and those later
            ones; swapping them would change an outcome.
        disagreements: Where the engines said opposite things: a fault in one of them, to be reported.
        reads: The facts that the rules look at.
        effective_from: From when the text is to hold, as it says itself (ISO 8601 with offset).
        effective_to: Until when.
    """

    policy: str
    version: str
    title: str
    authority: str
    properties: tuple[PropertyReport, ...]
    attributes: tuple[AttributeReport, ...]
    reads: tuple[str, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    overlaps: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    disagreements: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    cpu_seconds: float = 0.0
    effective_from: str | None = None
    effective_to: str | None = None
    scripts: tuple[Script, ...] = ()

    def property(self, name: str) -> PropertyReport:
        """A property by its name.

        Raises:
            KeyError: It was not asked.
        """
        for found in self.properties:
            if found.name == name:
                return found
        raise KeyError(name)

    def verdicts(self) -> tuple[PropertyVerdict, ...]:
        """The verdict of each property."""
        return tuple([PropertyVerdict(name=found.name, verdict=found.verdict) for found in self.properties])

    def attribute_verdicts(self) -> tuple[AttributeVerdict, ...]:
        """The verdict of each protected attribute."""
        return tuple([AttributeVerdict(name=found.name, verdict=found.verdict) for found in self.attributes])


def verdict_of(refutations: object, still_open: object) -> Verdict:
    """Refuted by what was confirmed, else not established if anything is open, else it holds."""
    return "refuted" if refutations else "not_established" if still_open else "holds"

"""Ask twice: every question goes to both engines, and what they find goes to the evaluator.

| one engine | the other | the evaluator | settled as |
| --- | --- | --- | --- |
| never | never | is not asked | `NoneExist` |
| found | anything | confirms | `Confirmed`; and reported as a disagreement if the other said never |
| found | anything | does not confirm | `Open` |
| anything else | | | `Open` |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from everycall.policy.attributes import TYPE
from everycall.policy.components import Components
from everycall.policy.conditions import mentioned
from everycall.policy.evaluate import compile_policy
from everycall.policy.formula import AllOf, Decides, Found, Lower, Neg, Never, OneOf, Scene, Side, ValueIs
from everycall.policy.properties.boxes import Boxes
from everycall.policy.properties.overlaps import Meetings
from everycall.policy.properties.replay import CALL, TWIN, Replay
from everycall.policy.properties.witnesses import Witnesses
from everycall.policy.properties.words import every_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from everycall.policy.attributes import Variable
    from everycall.policy.evaluate import CompiledPolicy
    from everycall.policy.formula import Answer, Call, Engine, Formula
    from everycall.policy.rules import AddRule, Policy, Rule

    MakeEngines = Callable[[Scene], Sequence[Engine]]

ENGINES: Final = 2


@runtime_checkable
class WritesScripts(Protocol):
    """An engine that can write a question in SMT-LIB 2, complete in itself."""

    def smtlib(self, question: Formula) -> str:
        """The script: unsat says that there are no such calls."""


class MissingEngineError(RuntimeError):
    """The libraries of the proof are not installed."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """There are such calls, and the evaluator agrees: these, by side."""

    calls: dict[str, Call]


@dataclass(frozen=True, slots=True)
class NoneExist:
    """There are none: both engines say so."""


@dataclass(frozen=True, slots=True)
class Open:
    """Nobody can say: why."""

    because: str


Settled = Confirmed | NoneExist | Open

TOGETHER: Final = 16
"""So many questions are asked at once."""


@dataclass(frozen=True, slots=True)
class Question:
    """One of many questions, whether two calls are told apart by one rule.

    Attributes:
        rule: The rule that would be to blame.
        formula: What is asked.
        group: Questions of one group look at the same few rules, so that they are best asked together.
        differ: The variables in which the twins differ.
    """

    rule: Rule | AddRule
    formula: Formula
    group: Hashable = None
    differ: frozenset[str] = frozenset()


def make_engines(scene: Scene) -> Sequence[Engine]:
    """z3 over bit-vectors, and CaDiCaL over clauses of our own.

    Raises:
        MissingEngineError: One of their libraries is not installed.
    """
    try:
        from everycall.policy.bit_vectors import Z3Engine  # noqa: PLC0415 - needs the extra
        from everycall.policy.clauses import CadicalEngine  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        raise MissingEngineError(
            f"The check needs two provers, and {error.name} is not installed: pip install 'everycall[policy]'."
        ) from error
    return (Z3Engine(scene), CadicalEngine(scene))


def same(variable: Variable, one: str = CALL, other: str = TWIN) -> Formula:
    """Both sides have the same value of the variable, unknown included."""
    parts: list[Formula] = [
        Neg(part=Lower(side=one, than=other, variable=variable.name)),
        Neg(part=Lower(side=other, than=one, variable=variable.name)),
    ]
    if variable.unknown:
        unknown = tuple([ValueIs(side=side, variable=variable.name, value=None) for side in (one, other)])
        parts.append(OneOf(parts=(AllOf(parts=unknown), Neg(part=OneOf(parts=unknown)))))
    return AllOf(parts=tuple(parts))


class Tally:
    """What one property cost, and its questions as SMT-LIB.

    The scripts of all questions, each complete in itself, are joined with `(reset)` in between, so that any solver can
    be run over the whole; before each stands what the engines made of it.
    """

    def __init__(self, *, keep: bool = False) -> None:
        """Nothing asked yet; `keep` the scripts, not only their hash."""
        self.questions = 0
        self.witnesses = 0
        self._hash: Final = sha256()
        self._kept: Final[list[str] | None] = [] if keep else None
        self._written = 0

    def write(self, script: str, settled: Settled) -> None:
        """Add a question that was asked."""
        answer = "unsat" if isinstance(settled, NoneExist) else "sat" if isinstance(settled, Confirmed) else "open"
        self._written += 1
        reset = "(reset)\n" if self._written > 1 else ""
        text = f"{reset}; question {self._written}: {answer}\n{script}"
        self._hash.update(text.encode())
        if self._kept is not None:
            self._kept.append(text)

    @property
    def smtlib(self) -> str | None:
        """SHA-256 of all scripts; none if there are none."""
        return self._hash.hexdigest() if self._written else None

    @property
    def script(self) -> str:
        """All scripts, if they were kept."""
        return "".join(self._kept or ())


class Asker:
    """Asks both engines about one scene."""

    def __init__(
        self, scene: Scene, make: MakeEngines, seconds: float, name: str, compiled: CompiledPolicy | None = None
    ) -> None:
        """Make the engines; `seconds` is what each may take for a question."""
        self.scene: Final = scene
        self.replay: Final = Replay(scene, compiled)
        self.name: Final = name
        self.disagreements: Final[list[str]] = []
        self._seconds: Final = seconds
        self._make: Final = make
        self._engines: Sequence[Engine] | None = None

    @property
    def engines(self) -> Sequence[Engine]:
        """The engines, made when first asked for.

        Raises:
            MissingEngineError: There are fewer than two, or they are the same.
        """
        if self._engines is None:
            self._engines = self._make(self.scene)
            if len({engine.name for engine in self._engines}) < ENGINES:
                raise MissingEngineError("A check needs two different engines.")
        return self._engines

    def ask(self, question: Formula, tally: Tally) -> Settled:
        """Settle a question: see the table above."""
        tally.questions += 1
        answers = [(engine.name, engine.ask(question, self._seconds)) for engine in self.engines]
        settled = self._settled(question, answers)
        writer = next((engine for engine in self.engines if isinstance(engine, WritesScripts)), None)
        if writer is not None:
            tally.write(writer.smtlib(question), settled)
        return settled

    def ask_each(self, questions: Iterable[Question], tally: Tally) -> Iterator[tuple[Question, Confirmed | Open]]:
        """Settle many questions, and give those that both engines do not deny.

        Those of one group are asked together first (is any of them so?), and one by one only if that is not denied.
        """
        groups: dict[Hashable, list[Question]] = {}
        for question in questions:
            groups.setdefault(question.group, []).append(question)
        for group in groups.values():
            for at in range(0, len(group), TOGETHER):
                yield from self._together(group[at : at + TOGETHER], tally)

    def _together(self, group: Sequence[Question], tally: Tally) -> Iterator[tuple[Question, Confirmed | Open]]:
        if len(group) > 1 and isinstance(
            self.ask(OneOf(parts=tuple([question.formula for question in group])), tally), NoneExist
        ):
            return
        for question in group:
            settled = self.ask(question.formula, tally)
            if not isinstance(settled, NoneExist):
                yield question, settled

    def _settled(self, question: Formula, answers: Sequence[tuple[str, Answer]]) -> Settled:
        never = [name for name, answer in answers if isinstance(answer, Never)]
        found = [(name, answer.calls) for name, answer in answers if isinstance(answer, Found)]
        if len(never) == len(answers):
            return NoneExist()
        confirmed = next((calls for _, calls in found if self.replay.confirms(question, calls)), None)
        if never and found:
            said = "and the evaluator confirms them" if confirmed else "which the evaluator does not confirm"
            self.disagreements.append(
                f"{', '.join(name for name, _ in found)} found calls, {said}; {', '.join(never)} says that there are "
                f"none. One of the engines is wrong: please report this with the policy. The question: {question!r}"
            )
        if confirmed is not None:
            return Confirmed(calls={name: dict(call) for name, call in confirmed.items()})
        if found:
            return Open(f"{found[0][0]} found calls that the evaluator does not confirm")
        silent = [f"{name}: {getattr(answer, 'because', '')}" for name, answer in answers if name not in never]
        return Open("no answer from " + "; ".join(silent))


class Inquiry:
    """All that a check asks: about single calls, and about twins that differ in given variables only."""

    def __init__(self, policy: Policy, make: MakeEngines, seconds: float, *, thorough: bool = False) -> None:
        """Ask about this policy with these engines; `seconds` for each question and engine.

        `thorough`: ask also what the order of the rules makes needless, see `danger`.
        """
        self.thorough: Final = thorough
        self.policy: Final = policy
        self.variables: Final = policy.variables()
        self.read: Final = frozenset(name for rule in every_rule(policy) for name in mentioned(rule.when))
        self.own: Final = frozenset(
            name for name, variable in self.variables.items() if variable.protected or variable.danger
        ).intersection(self.read)
        self._make: Final = make
        self._seconds: Final = seconds
        self._compiled: Final = compile_policy(policy)
        self._askers: Final[dict[frozenset[str], Asker]] = {}

    def single(self) -> Asker:
        """About one call, the side `x`."""
        return self._asker(frozenset())

    def _asker(self, own: frozenset[str]) -> Asker:
        asker = self._askers.get(own)
        if asker is None:
            sides = (Side(name=CALL, own=own), Side(name=TWIN, own=own)) if own else (Side(name=CALL),)
            name = "one_call" if not own else f"twins_{len(self._askers)}"
            scene = Scene(policies=(self.policy,), sides=sides)
            asker = self._askers[own] = Asker(scene, self._make, self._seconds, name, self._compiled)
        return asker

    def moving(self, differ: frozenset[str], own: frozenset[str] | None = None) -> tuple[Asker, tuple[Formula, ...]]:
        """Twins that may differ in these variables, and the formulas that keep the scene's other own variables equal.

        All that is protected or danger and that a rule reads (or `own`) is the twins' own in one scene, so that the
        rules are encoded once; a question about one attribute holds the others still.
        """
        own = self.own if own is None else own
        if differ <= own:
            return self._asker(own), tuple([same(self.variables[name]) for name in sorted(own - differ)])
        return self._asker(differ), ()

    def engine_names(self) -> tuple[str, ...]:
        """The engines that were asked, or would be."""
        return tuple(dict.fromkeys(engine.name for asker in self._used() for engine in asker.engines))

    @cached_property
    def boxes(self) -> Boxes:
        """The policy's conditions as boxes."""
        return Boxes(self.policy)

    @cached_property
    def components(self) -> Components:
        """The policy's components, which are the same in every scene."""
        return Components.of(self.policy)

    @cached_property
    def ranks(self) -> dict[str, tuple[int, ...]]:
        """The rank of each deciding rule's plan in each component."""
        of_plan: dict[int, tuple[int, ...]] = {}  # plans are shared by many rules
        for rule in self.policy.deciding:
            if id(rule.plan) not in of_plan:
                of_plan[id(rule.plan)] = self.components.ranks(rule.plan)
        return {rule.id: of_plan[id(rule.plan)] for rule in self.policy.deciding}

    def group(self, rule: Rule | AddRule) -> Hashable:
        """The incident types that a rule is about: rules of one type are asked about together."""
        hull = self.boxes.hull(rule.when)
        return None if hull is None else hull.get(TYPE)

    @cached_property
    def meetings(self) -> Meetings:
        """Which deciding rules can match a call together."""
        return Meetings(self.policy.deciding, self.boxes)

    @cached_property
    def witnesses(self) -> Witnesses:
        """Calls for rules, found without an engine."""
        return Witnesses(self.policy, self.boxes, self.single().replay)

    def disagreements(self) -> tuple[str, ...]:
        """Where the engines said opposite things."""
        return tuple([said for asker in self._askers.values() for said in asker.disagreements])

    def _used(self) -> list[Asker]:
        return list(self._askers.values()) or [self.single()]


def decided_by(side: str, rules: Iterable[str]) -> Formula:
    """One of these rules decides."""
    return OneOf(parts=tuple([Decides(side=side, rule=rule) for rule in rules]))

"""The check: every property of a policy, with what refutes it, and what is to be read all the same."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING, Final

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.policy.properties.alive import NO_DEAD_RULE, Life
from everycall.policy.properties.asking import Inquiry, Tally, make_engines
from everycall.policy.properties.danger import DANGER, less, more_danger
from everycall.policy.properties.likeness import LIKE_CALLS_ALIKE, attribute_report
from everycall.policy.properties.listings import declared
from everycall.policy.properties.overlaps import overlaps
from everycall.policy.properties.protected import PROTECTED_LIST, not_protected, read_and_who
from everycall.policy.properties.proxies import PLACE_VARIES, place_varies, proxies
from everycall.policy.properties.refusals import NO_SILENT_REFUSAL, refusals
from everycall.policy.properties.report import (
    AttributeReport,
    CheckReport,
    PropertyReport,
    Proxy,
    Script,
    Shown,
    verdict_of,
)
from everycall.policy.properties.undeclared import undeclared
from everycall.policy.properties.unknown import UNKNOWN, gets_less, unknown_danger, unknown_type
from everycall.policy.properties.words import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from everycall.policy.properties.asking import MakeEngines
    from everycall.policy.rules import Policy

SECONDS: Final = 20.0
"""What an engine may take for one question."""

SAYS: Final = {
    LIKE_CALLS_ALIKE: "Two calls that are equal in all that is not protected get the same, whoever called: the rules "
    "that decide give the same plan, and the add rules leave the same outcome, over every pair of values of each "
    "protected attribute, unknown included, but for the supports that may_differ lists.",
    PROTECTED_LIST: "Every declared attribute of the shipped list of protected attributes, and whatever is derived "
    "from a protected attribute, is declared as protected; and may_differ names only pairs of the shipped table.",
    UNKNOWN: "Danger that is unknown gets no less than none; a call of unknown type gets the triage floor at least.",
    DANGER: "More danger never gets less, in any ordered component, but for what a rule declares with reason and end; "
    "and what bears the name of a danger is declared as one.",
    NO_SILENT_REFUSAL: "No call of priority 0 or 1 can be declined; whatever may be held, handed over, declined or "
    "offered has roles, a ground, a time and a ladder that ends in a person. Every plan sends somebody, and no time is "
    "longer than the shipped bounds.",
    NO_DEAD_RULE: "Every rule can match a call.",
    PLACE_VARIES: "Two calls that are equal in all but where in their service area they come from get the same.",
}


def check(
    policy: Policy,
    *,
    engines: MakeEngines = make_engines,
    seconds: float = SECONDS,
    place_varies: bool = False,
    progress: Callable[[str], None] | None = None,
    only: Collection[str] = REQUIRED_PROPERTIES,
    keep_scripts: bool = False,
    thorough: bool = False,
    clock: Callable[[], float] = process_time,
) -> CheckReport:
    """Check a policy. Writes nothing anywhere.

    Args:
        policy: As it was read.
        engines: Makes the two engines for a scene.
        seconds: What each engine may take for one question; past it the property is not established.
        place_varies: Also ask for likeness over places within one service area.
        progress: Is told what is being looked at.
        only: The properties to ask; without all the required ones the certificate is not full.
        keep_scripts: Keep the questions as SMT-LIB in the report, not only their hash.
        thorough: Ask also what the order of the rules makes needless: the same verdicts, many more questions.
        clock: CPU seconds, for the certificate.

    Raises:
        MissingEngineError: The libraries of the engines are not installed.
    """
    run = _Check(
        policy, engines, seconds, progress or (lambda _: None), clock, keep_scripts=keep_scripts, thorough=thorough
    )
    return run.run(only, place_varies=place_varies)


class _Check:
    """One run."""

    def __init__(
        self,
        policy: Policy,
        engines: MakeEngines,
        seconds: float,
        progress: Callable[[str], None],
        clock: Callable[[], float],
        *,
        keep_scripts: bool,
        thorough: bool,
    ) -> None:
        self._keep = keep_scripts
        self._clock = clock
        self._began = clock()
        self._policy = policy
        self._inquiry = Inquiry(policy, engines, seconds, thorough=thorough)
        self._progress = progress
        self._attributes: list[AttributeReport] = []
        self._scripts: list[Script] = []

    def run(self, only: Collection[str], *, place_varies: bool) -> CheckReport:
        """Every property that is wanted, then what is flagged."""
        asks: dict[str, Callable[[Tally], tuple[list[Shown], list[str], list[Shown]]]] = {
            NO_DEAD_RULE: self._no_dead_rule,
            NO_SILENT_REFUSAL: self._no_silent_refusal,
            PROTECTED_LIST: self._protected_list,
            LIKE_CALLS_ALIKE: self._like_calls_alike,
            DANGER: self._danger,
            UNKNOWN: self._unknown,
            PLACE_VARIES: self._place_varies,
        }
        wanted = [*only, *([PLACE_VARIES] if place_varies else [])]
        found = {name: self._property(name, ask) for name, ask in asks.items() if name in wanted}
        order = [name for name in (*REQUIRED_PROPERTIES, PLACE_VARIES) if name in found]
        whole = set(REQUIRED_PROPERTIES) <= set(only)
        return CheckReport(
            policy=self._policy.hash,
            version=self._policy.heading.version,
            title=self._policy.heading.title,
            authority=self._policy.heading.authority,
            effective_from=self._policy.heading.effective_from,
            effective_to=self._policy.heading.effective_to,
            properties=tuple([found[name] for name in order]),
            attributes=tuple(self._attributes),
            reads=tuple(sorted(self._policy.read())),
            proxies=self._proxies() if whole else (),
            overlaps=self._overlaps() if whole else {},
            disagreements=self._inquiry.disagreements(),
            engines=self._inquiry.engine_names(),
            scripts=tuple(self._scripts),
            cpu_seconds=round(self._clock() - self._began, 3),
        )

    def _property(
        self, name: str, ask: Callable[[Tally], tuple[list[Shown], list[str], list[Shown]]]
    ) -> PropertyReport:
        self._progress(name)
        began = self._clock()
        tally = Tally(keep=self._keep)
        refutations, still_open, listed = ask(tally)
        if tally.script:
            self._scripts.append(Script(name=f"{name}.smt2", text=tally.script))
        return PropertyReport(
            name=name,
            verdict=verdict_of(refutations, still_open),
            says=SAYS[name],
            refutations=tuple(refutations),
            open=tuple(still_open),
            listed=tuple(listed),
            questions=tally.questions,
            witnesses=tally.witnesses,
            smtlib=tally.smtlib,
            cpu_seconds=round(self._clock() - began, 3),
        )

    def _like_calls_alike(self, tally: Tally) -> tuple[list[Shown], list[str], list[Shown]]:
        pairs: list[Shown] = []
        still_open: list[str] = []
        for attribute in self._policy.attributes:
            if attribute.protected:
                self._progress(f"{LIKE_CALLS_ALIKE}: {attribute.name}")
                report, found = attribute_report(self._inquiry, tally, attribute)
                self._attributes.append(report)
                pairs += found.pairs
                still_open += found.open
        exceptions = [
            Shown(
                kind="may_differ",
                words=f"{each.support} may depend on {', '.join(each.attributes)}, because: {ended(each.because)}.",
                variable=each.attributes[0] if each.attributes else None,
            )
            for each in self._policy.may_differ
        ]
        return pairs, still_open, exceptions

    def _protected_list(self, _tally: Tally) -> tuple[list[Shown], list[str], list[Shown]]:
        return list(not_protected(self._policy)), [], list(read_and_who(self._policy))

    def _unknown(self, tally: Tally) -> tuple[list[Shown], list[str], list[Shown]]:
        by_danger, open_danger = unknown_danger(self._inquiry, tally)
        by_type, open_type = unknown_type(self._inquiry, tally)
        return by_danger + by_type, open_danger + open_type, gets_less(self._inquiry, tally)

    def _danger(self, tally: Tally) -> tuple[list[Shown], list[str], list[Shown]]:
        refuted, still_open = less(
            self._inquiry, tally, "less_in_danger", more_danger, "More danger ({}) gets less, by {}."
        )
        return [*undeclared(self._policy), *refuted], still_open, declared(self._inquiry, tally)

    def _no_silent_refusal(self, tally: Tally) -> tuple[list[Shown], list[str], list[Shown]]:
        return *refusals(self._inquiry, tally), []

    def _no_dead_rule(self, tally: Tally) -> tuple[list[Shown], list[str], list[Shown]]:
        life = Life(self._inquiry, tally)
        life.look()
        return life.dead, life.open, life.listed

    def _place_varies(self, tally: Tally) -> tuple[list[Shown], list[str], list[Shown]]:
        found = place_varies(self._inquiry, tally)
        return found.pairs, found.open, []

    def _proxies(self) -> tuple[Proxy, ...]:
        self._progress("proxies")
        return proxies(self._inquiry)

    def _overlaps(self) -> dict[str, tuple[str, ...]]:
        self._progress("overlaps")
        return overlaps(self._policy, self._inquiry.boxes, self._inquiry.ranks)

"""Ladders, grants and plans: what a text declares by name, and what rules make of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

from everycall.policy.components import ANY_OTHER
from everycall.policy.rules import Grant, Offer, Plan, Raise, Stage, Step
from everycall.policy.text.fields import (
    ACTS,
    CHANGED_PLAN,
    GRANT,
    LAST_RUNGS,
    OFFER,
    PEOPLE,
    PLAN,
    RAISE,
    STAGE,
    STEP,
)
from everycall.policy.text.positions import Mapping, Node, Scalar
from everycall.policy.text.problems import Problems, quoted
from everycall.policy.text.values import (
    code,
    codes,
    count,
    counts,
    duration,
    entries_of,
    flag,
    items_of,
    keys_of,
    kind_words,
    name_of,
    priority,
    refuse_twice,
    text,
    word,
)

if TYPE_CHECKING:
    from everycall.core.actors import Role
    from everycall.core.policies import PermittedAct
    from everycall.policy.rules import Meanwhile

_MOST_STEPS: Final = 20


class Named:
    """What a text declares by name, and which of it something uses."""

    def __init__(self, problems: Problems) -> None:
        self._problems: Final = problems
        self.ladders: dict[str, tuple[Step, ...]] = {}
        self.grants: dict[str, Grant] = {}
        self.plans: dict[str, Plan] = {}
        self.used: Final[set[tuple[str, str]]] = set()

    def read_ladders(self, node: Node) -> None:
        """The section `ladders`."""
        for key, value in entries_of(self._problems, node, "ladders"):
            self.ladders[key.text] = self._ladder(key, value)

    def read_grants(self, node: Node) -> None:
        """The section `grants`; the ladders are known."""
        for key, value in entries_of(self._problems, node, "grants"):
            self.grants[key.text] = self._grant(key, value)

    def read_plans(self, node: Node) -> None:
        """The section `plans`; ladders and grants are known."""
        for key, value in entries_of(self._problems, node, "plans"):
            what = f"Plan {quoted(key.text)}"
            self.plans[key.text] = self._plan(keys_of(self._problems, value, PLAN, what), Plan(priority=0))

    def plan(self, node: Node) -> Plan:
        """What stands behind a rule's `plan`: a name, a named plan with changes, or a whole plan."""
        if isinstance(node, Scalar):
            return self._named_plan(node)
        if not isinstance(node, Mapping):
            self._problems.add(
                node, f"The plan is {kind_words(node)}.", "Name a plan, or write {as: <a plan>, <key>: <value>}."
            )
            return Plan(priority=0)
        base = node.get("as")
        if base is None:
            return self._plan(keys_of(self._problems, node, PLAN, "The plan"), Plan(priority=0))
        found = keys_of(self._problems, node, CHANGED_PLAN, "The plan")
        if len(node.entries) == 1:
            self._problems.add(node, "The plan changes nothing of the named one.", "Write its name alone.")
        return self._plan(found, self._named_plan(base))

    def ladder(self, node: Node) -> tuple[Step, ...]:
        """A ladder by its name."""
        name = name_of(self._problems, node, "ladder", self.ladders)
        self.used.add(("ladder", name))
        return self.ladders.get(name, ())

    def raised(self, node: Node) -> Raise:
        """What an `add` rule raises."""
        found = keys_of(self._problems, node, RAISE, "'add'")
        if isinstance(node, Mapping) and not node.entries:
            self._problems.add(node, "The rule raises nothing.", "Say what it adds, or delete the rule.")
        for name in ("keep_open", "go_meanwhile"):
            if name in found and not flag(self._problems, found[name], f"'{name}'"):
                self._problems.add(
                    found[name], f"'{name}' is not true, and a rule under 'add' cannot lower anything.", "Delete it."
                )
        forbidden = found.get("forbid")
        return Raise(
            priority=priority(self._problems, found["priority"]) if "priority" in found else None,
            send=self._sent(found["send"], empty=False) if "send" in found else (),
            minimum_officers=count(self._problems, found["minimum_officers"], "'minimum_officers'", 1)
            if "minimum_officers" in found
            else None,
            support=self._supports(found["support"], empty=False) if "support" in found else (),
            stage=self._stage(found["stage"]) if "stage" in found else None,
            dispatch_within=self._deadline(found, "dispatch_within"),
            arrive_within=self._deadline(found, "arrive_within"),
            find_out_within=self._deadline(found, "find_out_within"),
            ladder=self.ladder(found["ladder"]) if "ladder" in found else (),
            keep_open="keep_open" in found,
            go_meanwhile="go_meanwhile" in found,
            forbid=()
            if forbidden is None
            else cast("tuple[PermittedAct, ...]", self._words(forbidden, "forbid", ACTS)),
        )

    def _named_plan(self, node: Node) -> Plan:
        name = name_of(self._problems, node, "plan", self.plans)
        self.used.add(("plan", name))
        return self.plans.get(name, Plan(priority=0))

    def _ladder(self, key: Scalar, node: Node) -> tuple[Step, ...]:
        what = f"Ladder {quoted(key.text)}"
        items = items_of(self._problems, node, what)
        steps = [self._step(item, what) for item in items]
        roles = [step.role for step in steps]
        if len(steps) > _MOST_STEPS:
            self._problems.add(node, f"{what} has {len(steps)} steps; {_MOST_STEPS} is the most.", "Shorten it.")
        if len(set(roles)) < len(roles):
            self._problems.add(node, f"{what} tells one role twice.", "Keep the first of the two steps.")
        if steps and steps[0].at:
            self._problems.add(
                node, f"{what} tells nobody when the deadline passes.", "Give its first step 'after: 0 s'."
            )
        if any(later.at < earlier.at for earlier, later in pairwise(steps)):
            self._problems.add(node, f"{what} does not ascend.", "Order the steps by 'after', the soonest first.")
        if steps and steps[-1].role not in LAST_RUNGS:
            self._problems.add(
                node, f"{what} does not end in a person who can order help.", "End it with supervisor or duty_chief."
            )
        return tuple(steps)

    def _step(self, node: Node, what: str) -> Step:
        found = keys_of(self._problems, node, STEP, f"A step of {what[0].lower()}{what[1:]}")
        role = word(self._problems, found["tell"], "'tell'", PEOPLE) if "tell" in found else ""
        after = duration(self._problems, found["after"], "'after'", least=0) if "after" in found else 0
        return Step(role=cast("Role", role), at=after)

    def _grant(self, key: Scalar, node: Node) -> Grant:
        found = keys_of(self._problems, node, GRANT, f"Grant {quoted(key.text)}")
        act = word(self._problems, found["act"], "'act'", ACTS) if "act" in found else ""
        to: tuple[str, ...] = ()
        if "to" in found:
            to = self._codes(found["to"], "'to'", "The agency")
            if act not in ("hand_over", ""):
                self._problems.add(
                    found["to"], f"A grant to {act} has no 'to'.", "Delete 'to', or write act: hand_over."
                )
            for agency in to:
                self._refuse_taken(found["to"], agency)
        return Grant(
            act=cast("PermittedAct", act),
            roles=cast("tuple[Role, ...]", self._words(found["roles"], "roles", PEOPLE)) if "roles" in found else (),
            grounds=self._grounds(found["grounds"]) if "grounds" in found else (),
            within=self._deadline(found, "within") or 0,
            ladder=self.ladder(found["ladder"]) if "ladder" in found else (),
            to=to,
        )

    def _plan(self, found: dict[str, Node], base: Plan) -> Plan:
        """The base with what these keys say in place of its own."""
        problems = self._problems

        def or_base(name: str, otherwise: int | None) -> int | None:
            return self._deadline(found, name) if name in found else otherwise

        return Plan(
            priority=priority(problems, found["priority"]) if "priority" in found else base.priority,
            send=self._sent(found["send"], empty=True) if "send" in found else base.send,
            minimum_officers=count(problems, found["minimum_officers"], "'minimum_officers'")
            if "minimum_officers" in found
            else base.minimum_officers,
            support=self._supports(found["support"], empty=True) if "support" in found else base.support,
            stages=(self._stage(found["stage"]),) if "stage" in found else base.stages,
            dispatch_within=or_base("dispatch_within", base.dispatch_within),
            arrive_within=or_base("arrive_within", base.arrive_within),
            find_out_within=or_base("find_out_within", base.find_out_within),
            ladder=self.ladder(found["ladder"]) if "ladder" in found else base.ladder,
            cancellation_closes=flag(problems, found["cancellation_closes"], "'cancellation_closes'")
            if "cancellation_closes" in found
            else base.cancellation_closes,
            offer=self._offer(found["offer"]) if "offer" in found else base.offer,
            may=self._may(found["may"]) if "may" in found else base.may,
        )

    def _may(self, node: Node) -> tuple[Grant, ...]:
        items = items_of(self._problems, node, "'may'", empty=True)
        names = [name_of(self._problems, item, "grant", self.grants) for item in items]
        refuse_twice(self._problems, items, names)
        self.used.update(("grant", name) for name in names)
        return tuple([self.grants[name] for name in names if name])

    def _sent(self, node: Node, *, empty: bool) -> tuple[tuple[str, int], ...]:
        """How many of each capability, in the order of their names: an order in the text means nothing."""
        send = counts(self._problems, node, "'send'", empty=empty)
        for (capability, _), (key, _) in zip(send, node.entries if isinstance(node, Mapping) else (), strict=True):
            self._refuse_dot(key, "The capability", capability)
        return tuple(sorted(send))

    def _supports(self, node: Node, *, empty: bool) -> tuple[str, ...]:
        return self._codes(node, "'support'", "The support", empty=empty)

    def _codes(self, node: Node, section: str, what: str, *, empty: bool = False) -> tuple[str, ...]:
        """A list of codes that are parts of the names of components."""
        read = codes(self._problems, node, section, empty=empty)
        for one in read:
            self._refuse_dot(node, what, one)
        return read

    def _stage(self, node: Node) -> Stage:
        found = keys_of(self._problems, node, STAGE, "'stage'")
        return Stage(
            because=text(self._problems, found["because"], "'because'") if "because" in found else "",
            until=text(self._problems, found["until"], "'until'") if "until" in found else "",
        )

    def _offer(self, node: Node) -> Offer:
        found = keys_of(self._problems, node, OFFER, "'offer'")
        to = code(self._problems, found["to"], "'to'") if "to" in found else ""
        ground = code(self._problems, found["ground"], "'ground'") if "ground" in found else ""
        self._refuse_dot(found.get("to", node), "The agency", to)
        self._refuse_dot(found.get("ground", node), "The ground", ground)
        self._refuse_taken(found.get("to", node), to)
        self._refuse_taken(found.get("ground", node), ground)
        meanwhile = (
            word(self._problems, found["meanwhile"], "'meanwhile'", ("send", "wait")) if "meanwhile" in found else ""
        )
        return Offer(
            to=to,
            ground=ground,
            within=self._deadline(found, "within") or 0,
            meanwhile=cast("Meanwhile", meanwhile),
            ladder=self.ladder(found["ladder"]) if "ladder" in found else (),
        )

    def _grounds(self, node: Node) -> tuple[str, ...]:
        grounds = self._codes(node, "'grounds'", "The ground")
        for ground in grounds:
            self._refuse_taken(node, ground)
        return grounds

    def _refuse_dot(self, node: Node, what: str, name: str) -> None:
        """The names of components are such codes joined by dots: with dots of their own, two could read the same."""
        if "." in name:
            self._problems.add(
                node, f"{what} {quoted(name)} has a dot, which joins the names of components.", "Write '_' for the dot."
            )

    def _refuse_taken(self, node: Node, ground_or_agency: str) -> None:
        """Grounds and agencies are parts of the names of components, which end in words of their own."""
        if ground_or_agency == ANY_OTHER:
            self._problems.add(
                node,
                f"'{ANY_OTHER}' stands for the agencies that no rule names.",
                "Give the agency its own code; to allow any agency leave out the 'to' of a grant.",
            )
        elif ground_or_agency in ("ladder", "meanwhile", "within"):
            self._problems.add(
                node,
                f"{quoted(ground_or_agency)} is a word that components end in.",
                "Choose another code than ladder, meanwhile and within.",
            )

    def _deadline(self, found: dict[str, Node], name: str) -> int | None:
        return duration(self._problems, found[name], f"'{name}'") if name in found else None

    def _words(self, node: Node, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        items = items_of(self._problems, node, f"'{name}'")
        read = [word(self._problems, item, f"The word under '{name}'", known) for item in items]
        refuse_twice(self._problems, items, read)
        return tuple(read)

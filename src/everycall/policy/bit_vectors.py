"""The first engine: a question as bit-vectors for z3.

z3 reads the very script whose hash stands in the certificate. Each engine has a z3 context of its own, so that two of
them never share a name, and each question a solver of its own with only what it needs (`bit_vector_script` says why
that is sound).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import z3  # type: ignore[import-untyped]  # it ships no types

from everycall.policy.bit_vector_encoding import Encoding
from everycall.policy.bit_vector_script import Script
from everycall.policy.formula import Call, Found, Never, NoAnswer

if TYPE_CHECKING:
    from everycall.policy.formula import Answer, Formula, Scene

_LONGEST: Final = 2**31 - 1
"""Milliseconds: more than z3's limit can say."""


class Z3Engine:
    """Answers questions about one scene with z3. Not for two threads at a time.

    Attributes:
        name: The engine and its version.
    """

    def __init__(self, scene: Scene) -> None:
        """For questions about this scene.

        Raises:
            ValueError: The scene is not sound: two sides or two rules of one name, or a side's own variable
                or policy that there is not.
        """
        self.name: Final = f"z3 {z3.get_version_string()}"
        self._scene: Final = scene
        self._encoding: Final = Encoding(scene)
        self._context: Final = z3.Context()
        self._last: tuple[Formula, Script] | None = None

    def ask(self, question: Formula, seconds: float) -> Answer:
        """Whether there are calls for which the question holds; `NoAnswer` after so many seconds.

        Raises:
            ValueError: The question names a side, rule, variable or component that the scene does not have.
        """
        end = time.monotonic() + seconds
        script = self._script(question)
        left = end - time.monotonic()
        if left <= 0:
            return NoAnswer(because=f"z3 was given {seconds:g} s, and they were over before it began.")
        try:
            return self._solve(script, left)
        except z3.Z3Exception as refused:
            return NoAnswer(because=f"z3 gave up: {refused}")

    def smtlib(self, question: Formula) -> str:
        """The question as a whole SMT-LIB 2 script: `unsat` says that there are no such calls.

        The same scene and question give the same text, whatever was asked before.

        Raises:
            ValueError: The question names a side, rule, variable or component that the scene does not have.
        """
        script = self._script(question)
        told = "\n".join([self._encoding.comment(slot) for slot in script.slots])
        return f"{told}\n{script.text}(check-sat)\n" if told else f"{script.text}(check-sat)\n"

    def _script(self, question: Formula) -> Script:
        if self._last is None or self._last[0] is not question:
            self._last = question, Script(self._encoding, question)
        return self._last[1]

    def _solve(self, script: Script, seconds: float) -> Answer:
        solver = z3.SolverFor("QF_FD", ctx=self._context)
        # Or z3 takes the interrupt for itself, and whoever presses Ctrl-C only loses one of a thousand answers.
        solver.set("ctrl_c", False)  # noqa: FBT003  # z3's own way
        solver.set("timeout", max(1, int(min(seconds * 1000, _LONGEST))))
        solver.from_string(script.text)
        verdict = solver.check()
        if verdict == z3.unsat:
            return Never()
        if verdict == z3.sat:
            return Found(calls=self._calls(script, solver.model()))
        return NoAnswer(because=f"z3 does not know: {solver.reason_unknown()}.")

    def _calls(self, script: Script, model: z3.ModelRef) -> dict[str, Call]:
        """The calls of a model; what the question did not look at is unknown, or what comes first."""
        looked_at = frozenset(script.slots)
        named = {f"|{constant.name()}|": constant for constant in model.decls()}
        codes = {slot: model[named[slot]].as_long() for slot in script.slots if slot in named}
        calls: dict[str, Call] = {}
        for side in self._scene.sides:
            call: Call = {}
            for name, variable in self._scene.variables.items():
                slot = self._encoding.slot(side, name)
                value = self._encoding.value(slot, codes.get(slot, 0)) if slot in looked_at else None
                if value is None and not variable.unknown:
                    value = variable.values[0]
                if value is not None:
                    call[name] = value
            calls[side.name] = call
        return calls

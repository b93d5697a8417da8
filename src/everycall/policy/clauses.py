"""The second engine: our own encoder to clauses (CNF), and CaDiCaL, by way of python-sat, to solve them.

It shares nothing with the first engine but the formulas' meaning. How it encodes:

- `clauses_gates`: gates and variables encoded by order, made as they are needed;
- `clauses_values`: what a policy's leaves ask, as sets of positions on the scene's variables;
- `clauses_hull`: boxes around conditions, to know which rules can meet at all;
- `clauses_conditions`: conditions, and the zones that every call respects;
- `clauses_outcomes`: who decides and what goes out, with the argument why a question needs only a slice of the rules;
- `clauses_formula`: whole questions.

One solver serves all questions about a scene: clauses are only added, and each question is a list of assumptions, so
what the solver learns from one helps with the next.

*Time.* CaDiCaL cannot be interrupted through python-sat; it is asked in slices of so many conflicts, and the clock is
read between them. Of a question that is not settled in time nothing is known.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Self

import pysat  # type: ignore[import-untyped]  # it ships no types
from pysat import solvers

from everycall.policy.clauses_formula import Questions
from everycall.policy.clauses_gates import FALSE, TRUE
from everycall.policy.formula import Found, Never, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from everycall.policy.formula import Answer, Formula, Scene

_CADICALS: Final = {"Cadical300": "3.0.0", "Cadical195": "1.9.5"}
"""The version of CaDiCaL in each of python-sat's classes, the newest first."""

_FIRST_CONFLICTS: Final = 1000
_MOST_CONFLICTS: Final = 200_000
_SLICE_SECONDS: Final = 0.1


class _TimeIsUpError(Exception):
    """The question's seconds have passed."""


class _SolverFailedError(Exception):
    """The solver raised something."""


class CadicalEngine:
    """Answers questions about one scene. Close it, or use it in a `with`, to free the solver's memory."""

    def __init__(self, scene: Scene) -> None:
        """Lay out the scene; rules are encoded when a question needs them."""
        self._scene: Final = scene
        self._questions: Final = Questions(scene)
        kind = next(name for name in _CADICALS if hasattr(solvers, name))
        self._solver: Any = getattr(solvers, kind)()  # without types; used in `_settled` and `_model` only
        self._failed: str | None = None
        self.name: Final = f"CaDiCaL {_CADICALS[kind]} (python-sat {pysat.__version__}), clauses"
        if kind == "Cadical300":
            self._solver.configure({"factor": 0})  # the variables that it would add would take the numbers of ours

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_solver"):
            self.close()

    def close(self) -> None:
        """Free the solver; every later question has no answer."""
        solver, self._solver = self._solver, None
        if solver is not None:
            self._failed = "it is closed; make a new engine to ask again"
            solver.delete()

    def ask(self, question: Formula, seconds: float) -> Answer:
        """Whether there are calls for which the question holds, see `formula.Engine`.

        Args:
            question: About the engine's scene.
            seconds: After which it gives up, wall time; the slice in which they pass is finished first.

        Raises:
            ValueError: The question names a side, rule, variable, value or component that the scene does not have.
        """
        if self._failed is not None:
            return NoAnswer(because=f"{self.name}: {self._failed}.")
        until = time.monotonic() + seconds

        def go_on() -> None:
            if time.monotonic() >= until:
                raise _TimeIsUpError

        try:
            go_on()
            assumed = self._questions.assumed(question, go_on)
            if FALSE in assumed:
                return Never()
            return self._solved([literal for literal in assumed if literal != TRUE], until)
        except _TimeIsUpError:
            return NoAnswer(because=f"{self.name}: not settled within {seconds:g} s.")
        except (_SolverFailedError, MemoryError, RecursionError) as error:
            # Half of what was to be said may be missing: nothing that it says from now on would count.
            self._failed = f"it failed ({error!r}); make a new engine to ask again"
            return NoAnswer(because=f"{self.name}: {self._failed}.")

    def _solved(self, assumed: Sequence[int], until: float) -> Answer:
        conflicts = _FIRST_CONFLICTS
        while True:
            before = time.monotonic()
            if before >= until:
                raise _TimeIsUpError
            settled = self._settled(assumed, conflicts)
            if settled is not None:
                return Found(calls=self._questions.calls(self._model())) if settled else Never()
            now = time.monotonic()
            faster = min(_SLICE_SECONDS, max(until - now, 0.001)) / max(now - before, 1e-4)
            conflicts = int(min(max(conflicts * min(faster, 4.0), 100), _MOST_CONFLICTS))

    def _settled(self, assumed: Sequence[int], conflicts: int) -> bool | None:
        """Whether there is a model; `None` if the conflicts did not suffice to know."""
        try:
            for clause in self._questions.clauses():
                self._solver.add_clause(clause)
            self._solver.conf_budget(conflicts)
            settled = self._solver.solve_limited(assumptions=list(assumed))
        except Exception as error:
            raise _SolverFailedError(repr(error)) from error
        if settled is not None and not isinstance(settled, bool):
            raise _SolverFailedError(f"it answered {settled!r}")
        return settled

    def _model(self) -> Callable[[int], bool]:
        """Which literals are true in the model that was found."""
        try:
            true = frozenset([literal for literal in self._solver.get_model() if literal > 0])
        except Exception as error:
            raise _SolverFailedError(repr(error)) from error
        if TRUE not in true:
            raise _SolverFailedError("its model breaks a clause")
        return true.__contains__

"""The domain: facts, calls, needs, incidents, units, decisions; pure, and importing nothing of ours.

`decide(state, command, given)` proposes events or refuses, `evolve(state, event)` applies them. No clock, no
randomness, no input or output may live here (rule 10 of the house).
"""

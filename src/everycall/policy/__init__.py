"""Rules: what to send, how fast, and who may hold, hand over or decline; behind the core's `Evaluator`.

Only texts of rules, their evaluation and their checking live here. Nothing here changes a call, keeps a
record or knows a centre.
"""

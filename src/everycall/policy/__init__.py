"""The rule language, its versions, evaluation, and the proof that like calls are treated alike.

May import the core only; files, records and clocks belong to the rooms that call it.
"""

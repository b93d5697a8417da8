"""The properties that a policy must have, asked of two engines and replayed through the real evaluator.

Here live the questions and what is made of the answers. Engines, the evaluator, files and the terminal live elsewhere.
"""

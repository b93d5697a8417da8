"""What two versions of a policy do differently: which calls get less, which get more, each with an example.

Holds the search, the descriptions and their words. Files, records and the terminal belong to the callers.
"""

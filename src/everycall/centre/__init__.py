"""The running service, and the wiring that it shares with the command line.

What people and machines use is wired here; what it does is decided in the core.
"""

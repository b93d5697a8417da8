"""The one loop that drives the core: seals, ticks, decides, appends, evolves, answers.

Only the loop and its ports live here. The clock, the log, the seals and the rest are handed in; nothing here
opens a file or a socket.
"""

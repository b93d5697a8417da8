"""What others speak: city exports, phone tables and live feeds, read into the calls table.

Here live the readers and their profiles. Nothing here decides anything about a call, and nothing of ours but
`core` is imported.
"""

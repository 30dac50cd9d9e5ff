"""Closes, at run time, the gaps of MiniStack that the library meets. Nothing in the package is edited.

Each module patches one service. Each patch says what AWS does, what MiniStack 1.5.33 does instead, and how that showed.
test/local/ministack.test.ts checks every one of them, so that a newer MiniStack tells which may go.
"""

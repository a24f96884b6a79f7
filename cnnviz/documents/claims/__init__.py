"""What the sentences of several documents claim, computed for any layer and any map.

`maps.py` moves, turns, slides and compares maps; `passes.py` has what goes into an operation and what
comes out, forward and backward; `words.py` has the words for numbers. The folder of a document holds
only what that document alone says.
"""

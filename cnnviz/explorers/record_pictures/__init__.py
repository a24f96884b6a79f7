"""The picture of a record of the ledger: of its own statement, with the cell it is about lit.

`catalogue.py` holds what a record's ``picture`` may name, `pins.py` finds the cell, and `misprints.py`
marks what is printed wrong.
"""

from .catalogue import picture_of

__all__ = ["picture_of"]

"""Words of sentences that are numbers."""

NUMBERS = {
    "zero": 0, "zeros": 0, "no": 0, "one": 1, "ones": 1, "single": 1, "two": 2, "double": 2,
    "three": 3, "four": 4, "nine": 9,
}  # fmt: skip

"""Speed as something anyone can run: `make bench`, or `python -m benchmarks [NAME…]`.

What belongs here: one file per claim, each with `CLAIMS` functions that measure. What never does: a number without a
floor measured in the same run beside it; machines differ, ratios and excesses much less.
"""

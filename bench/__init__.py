"""`make bench`: what Blanko reaches, each figure measured side by side with what it is compared with.

`figures.py` says what a figure is; each module named in `__main__.py` measures a few of them.
"""

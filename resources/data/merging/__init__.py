"""Two versions made from one are joined again: by path, in annotation files by record; pure.

:func:`resources.data.merging.merge.merge` is the way in; docs/data-merging.md has the rules.
"""

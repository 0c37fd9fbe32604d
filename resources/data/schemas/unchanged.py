"""Whether a tree has the schema of the one before it, without loading what reads schemas."""

import json

from resources.data.trees.listing import Tree

READ = "read"
"""The key under which a schema that was read says by which rules."""
RULES = 1
"""The number of the rules by which files are read. What others read is unknown."""


def is_unchanged(text: str, before: Tree, now: Tree) -> bool:
    """Whether ``now`` has the schema ``text`` that ``before`` has, for no path and no annotation file is new.

    False where that is not sure; most commits change contents of pictures alone, and are sure.
    """
    if before.paths != now.paths:
        return False
    try:
        document = json.loads(text)
        if document[READ] != RULES:
            return False
        files = document["files"].items()
        places = [now.position(path) for path, found in files if found.get("unread") != "not_here"]
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    known = [place for place in places if place is not None and before.names[place] == now.names[place]]
    return len(known) == len(files)

"""Whether a tree has the schema of the one before it, without loading what reads schemas."""

from resources.data.schemas.documents import READ, RULES, document_of
from resources.data.trees.listing import Tree


def is_unchanged(text: str, before: Tree, now: Tree) -> bool:
    """Whether ``now`` has the schema ``text`` that ``before`` has, for no path and no annotation file is new.

    False where that is not sure; most commits change contents of pictures alone, and are sure.
    """
    if before.paths != now.paths:
        return False
    try:
        document = document_of(text)
        if document[READ] != RULES:
            return False
        files = document["files"].items()
        places = [now.position(path) for path, found in files if found.get("unread") != "not_here"]
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    known = [place for place in places if place is not None and before.names[place] == now.names[place]]
    return len(known) == len(files)

"""The data sets of this platform, as files declare them: see ``pipelines/digits/defs.yaml``."""

from resources.pipelines.declared import declared
from resources.pipelines.folder import OURS, Folder

DIGITS = declared(Folder(OURS), "digits")
"""The one that comes with the platform."""

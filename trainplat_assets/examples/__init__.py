"""Data sets of the other kinds, as files declare them: texts, names in texts, boxes in pictures.

And trainings: of a table, of short texts, and by a task of one's own.

They are no part of the platform unless somebody asks for them: with ``TRAINPLAT_PIPELINES`` set to this
folder, or with one of its folders copied to ``trainplat_assets/pipelines``. So the code location loads as
fast as without them.
"""

from pathlib import Path

EXAMPLES = Path(__file__).parent

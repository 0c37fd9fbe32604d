"""How a version is made: from the source folder, stage by stage, to a tree."""

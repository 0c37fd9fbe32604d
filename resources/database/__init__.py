"""The ground: one SQL database for the tables of every subject."""

"""A training of a data set told and watched as the trainings of templates are, in one process or many."""

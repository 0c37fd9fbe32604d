"""The parts of the page about models that are live, on their way, or could be."""

"""The demo: the whole loop on the data set ``digits``, with a person played by the true labels."""

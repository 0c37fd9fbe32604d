"""Learning: from labelled images to weights, from weights to scores, and which images to ask people about."""

"""What each model said about each sample of a test set, and one row of numbers for each of both."""

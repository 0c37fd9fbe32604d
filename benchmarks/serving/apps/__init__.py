"""The smallest application that answers the same in each library, as its own documentation shows it."""

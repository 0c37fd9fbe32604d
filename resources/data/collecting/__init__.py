"""What nobody needs any more goes, what is kept is looked at: gc, erasing, verifying."""

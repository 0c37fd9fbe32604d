"""Reviews: answers that are doubted go back to people, and their second answer is final."""

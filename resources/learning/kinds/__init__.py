"""How each kind of answer is learnt: trained, measured, guessed, and what is unsure about a sample."""

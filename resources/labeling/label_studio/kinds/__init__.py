"""How each kind of answer is asked for in Label Studio: the page, the guess shown, what was answered."""

"""What each template asks for: one class of parameters each."""

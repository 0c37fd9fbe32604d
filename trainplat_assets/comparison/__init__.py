"""How the model of one version did against the champion before it: in numbers, pictures and words."""

"""What the page of large trainings is made of."""

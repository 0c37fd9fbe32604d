"""What the GPU service does, one file for each noun."""

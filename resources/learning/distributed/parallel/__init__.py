"""How a model is spread over processes and devices: one file for each way."""

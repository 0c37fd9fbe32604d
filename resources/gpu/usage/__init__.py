"""What was used of the devices, by whom: the history of use in GPU-hours, budgets, prices and past shares."""

"""Who gets devices, and why: pure rules over values, with the time as an argument."""

"""What starts work by itself; a sensor is made by a function that is given what it starts."""

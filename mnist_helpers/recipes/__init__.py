"""The trainings of the chapter "All together", each a program of its own."""

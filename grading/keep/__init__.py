"""A round, and what is kept of it: journal, gradebook, and a folder that is nobody else's."""

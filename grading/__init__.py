"""What instructors run on top of nbgrader: checks with partial credit, known mistakes, and feedback."""

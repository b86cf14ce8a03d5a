"""What students and instructors read. Nothing here decides about points."""

"""One submission: where its code runs, what it may cost, and what it earns."""

"""One function against the reference: what is declared, how it is called, and whether it is right."""

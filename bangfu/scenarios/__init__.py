"""Scenarios: a procedure tried in virtual time, as a file says what is done and what must come of it."""

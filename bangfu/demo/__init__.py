"""`bangfu demo`: a first walk through the whole of it, on a practice database that is kept."""

"""Brings messages to people: a channel a file."""

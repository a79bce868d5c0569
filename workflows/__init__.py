"""Data: base workflows, policy packs, calendars and divisions."""

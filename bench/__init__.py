"""Measured speed: bangfu beside a raw floor that writes the same rows. ``make bench`` runs it."""

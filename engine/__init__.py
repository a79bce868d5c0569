"""The rules of bangfu: definitions, legal clocks, decisions. Pure: no clock, file, socket, environment or SQL."""

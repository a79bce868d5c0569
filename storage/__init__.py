"""Keeps what the engine decides: connections, tables, the store and the register. The only home of SQL."""

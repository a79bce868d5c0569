"""The commands, a module for each kind of work. Each asks the office, the register or the intake, and prints."""

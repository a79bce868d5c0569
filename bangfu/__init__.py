"""The assembly: settings, time, logs, translations, and the one place that puts all other parts together."""

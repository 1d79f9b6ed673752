"""Migrations of the database, run by `core.migrate`."""

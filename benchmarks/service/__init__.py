"""The service next to the bare limit of what it is built on."""

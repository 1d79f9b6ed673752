"""The audit log: one entry for each request that would change something."""

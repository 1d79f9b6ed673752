"""Everything on one machine: a broker, the database, a worker and the API, started and stopped together."""

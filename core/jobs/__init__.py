"""What happens to jobs: states, metrics, events, leases and the queue."""

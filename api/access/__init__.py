"""Who asks, and what they may do: decided before a route or a body is looked at."""

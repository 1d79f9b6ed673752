"""What is measured; each function adds its rows to the context."""

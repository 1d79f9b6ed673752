"""The training run, in a child process of the worker."""

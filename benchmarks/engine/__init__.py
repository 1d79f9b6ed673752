"""The engine measured against the loop that an expert writes by hand in plain PyTorch, workload by workload."""

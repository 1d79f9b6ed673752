"""The workloads in plain PyTorch, as an expert writes them by hand."""

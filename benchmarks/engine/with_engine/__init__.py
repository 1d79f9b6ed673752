"""The workloads in Keras's words, run by the engine."""

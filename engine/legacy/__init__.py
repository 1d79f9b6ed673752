"""Keras 1's spellings of arguments: accepted with a warning, and understood in old files."""

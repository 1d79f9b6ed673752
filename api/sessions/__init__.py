"""Sessions of browsers: a key in a cookie."""

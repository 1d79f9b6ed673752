"""What can go wrong with keys and projects."""


class AccessError(Exception):
    """What is asked cannot be; the message says why and what to do."""

"""Files from URLs, kept in Keras's folder."""

from engine.downloads.archive import extract_archive
from engine.downloads.cache import get_file, hash_file, validate_file
from engine.downloads.transfer import DownloadError

__all__ = ["DownloadError", "extract_archive", "get_file", "hash_file", "validate_file"]

"""A bridge between CRMs and messengers."""

__version__ = "0.1.0"

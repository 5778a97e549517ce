"""The version, apart from the face of the package so that no room has to import that."""

__version__ = "0.1.0"

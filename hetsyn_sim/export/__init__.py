"""A trained network for people who do not have this package: a folder with a commented Brian2 script and everything it reads."""

from .folder import Exported, export_brian2

__all__ = ["Exported", "export_brian2"]

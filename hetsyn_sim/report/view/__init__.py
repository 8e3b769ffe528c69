"""A page to look at: one network in two simulators over a few recordings, with everything linked, in one file."""

from .page import page
from .write import view_of, write_view

__all__ = ["page", "view_of", "write_view"]

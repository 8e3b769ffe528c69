"""Reports of a training, a verification, a certificate and a ladder: a folder with a page to read, figures, and numbers for machines."""

from .certificate import write_certificate
from .inputs import read_certificate, read_run
from .ladder import ladder_table, write_ladder
from .view import write_view
from .write import write_report

__all__ = ["ladder_table", "read_certificate", "read_run", "write_certificate", "write_ladder", "write_report", "write_view"]

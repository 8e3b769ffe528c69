"""How Sphinx builds these pages. `make docs` treats a warning as an error; nothing is fetched from the network.

The tutorials in ``gallery/`` run while the pages are built, and one that fails makes the build fail.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

HERE = Path(__file__).parent
# Two tutorials run at a time. Before torch is imported: more threads than cores would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

project = "hetsyn-sim"
author = "The hetsyn-sim developers"
project_copyright = author
release = version = installed_version("hetsyn-sim")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "generated_pages",
]

source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
exclude_patterns = ["_build", "_ext", "_generated", "_templates", "gallery", "generated/pages"]
templates_path = ["_templates"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_ignore_module_all = False  # a package shows what it exports, wherever that is written
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"show-inheritance": True}
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
# A class's fields are linked by their bare names. Where two other classes have one of the same name, the link is ambiguous, and no more.
suppress_warnings = ["ref.python"]
# A link that leads nowhere is an error on every page. What is left out has no page here: types of other packages (their inventories would
# have to be fetched), short names in docstrings, which are read in the source, and modules that the reference does not show.
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", ".*"),
    ("py:.*", r"(?!hetsyn_sim\.).*"),
    ("py:mod", r"hetsyn_sim\.(brian\.fused|events\.file|spec\.initial|tasks\.distortion|training\.run_folder)"),
    ("py:(data|func|attr)", r"hetsyn_sim\.(exchange\.nir\.(vocabulary|quantise)|training\.fit\.FitResult)\..*"),
]
napoleon_attr_annotations = False  # it would write NDArray[np.str_] as text, where str_ is a link
python_maximum_signature_line_length = 88

highlight_language = "text"

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "parallel": 2,
    "image_srcset": ["2x"],
    "capture_repr": (),  # what is printed is shown; that a plot returns its axes is not
    "remove_config_comments": True,
    "show_signature": False,
    "min_reported_time": 3600,  # how long a tutorial took depends on the machine: equal code makes equal pages
    "write_computation_times": False,
}

html_theme = "furo"
html_title = f"hetsyn-sim {release}"
html_static_path = ["_static", "_style"]
html_css_files = ["drawings.css"]
html_copy_source = False
html_show_sphinx = False

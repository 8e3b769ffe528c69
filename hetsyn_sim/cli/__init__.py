"""The verbs of ``hetsyn``, one file each. They hold no logic of their own: they read options, call the library and show results."""

"""Studies: the experiments of a paper measured again, with several seeds, beside its numbers."""

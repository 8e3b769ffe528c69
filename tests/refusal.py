"""What an error has to say: its five parts, and the words that matter in each."""

from contextlib import contextmanager

import pytest


@contextmanager
def refused(error, what, where=None, got="", expected="", remedy=""):
    """Whether the block raises the error that says ``what`` (a pattern), at this place, with these words in its other parts."""
    with pytest.raises(error, match=what) as excinfo:
        yield
    said = excinfo.value
    assert where is None or said.where == where, said.where
    for part, words in (("what", ""), ("where", ""), ("got", got), ("expected", expected), ("remedy", remedy)):
        text = getattr(said, part)
        assert text not in ("", None), f"no {part} in {said}"
        assert words in str(text), f"not in what was {part}: {words!r}\n{said}"

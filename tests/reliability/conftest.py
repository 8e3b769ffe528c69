"""Options of this folder. `pytest tests/reliability --fuzz-minutes 10` looks longer; see docs/reliability.md."""


def pytest_addoption(parser):
    parser.addoption("--fuzz-minutes", type=float, default=0.0, help="fuzz so long, instead of a few examples")
    parser.addoption("--write-page", action="store_true", help="write the table of cases into docs/_generated")

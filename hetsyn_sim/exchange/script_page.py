"""The page in the folder of an exported network."""

from __future__ import annotations

from collections.abc import Mapping

import brian2
import numpy as np

from ..data.checkpoint import Checkpoint, installed_versions
from ..data.escape import markdown
from ..data.events import SpikeDataset
from .script import table_of_orders

_PAGE = """# {title}

Trained in PyTorch, written for Brian2. `network.py` runs it on {n} recordings and says whether its spikes are those of the trained network.

```sh
pip install {packages}
python network.py
```

| file | what |
|---|---|
| `network.py` | the simulation, with comments |
| `values.npz` | {n_values:,} parameter values in SI units: {n_slots} arrays; those of synapses are (post, pre) |
| `recordings.npz` | input spikes (`recording`, `step`, `channel`), `labels`, `names`; of the trained network `decided`, `expected.*` |

`expected.layer` holds a number for each spike of the trained network: `(recording * n_steps + step) * neurons + neuron`.

## What to expect

{expected}
- accuracy: {accuracy:.2f} %

Every spike should be the same. A voltage that lies within rounding of its threshold could fall on the other side on another machine; then
`network.py` prints how many spikes differ and ends with exit code 1.

## One time step ({dt:g} ms)

```text
{orders}
```

## Where it comes from

- checkpoint: sha256 `{digest}`
- made with {versions}
- trained on: {trained_on}
{about}"""


def readme_of(checkpoint: Checkpoint, data: SpikeDataset, title: str, n_spikes: Mapping[str, int], accuracy: float, digest: str) -> str:
    """The page: how to run it, what is in which file, what to expect, and where it comes from."""
    spec = checkpoint.spec
    about = {key: data.info[key] for key in ("attribution", "licence", "license") if key in data.info}
    return _PAGE.format(
        title=markdown(title),
        n=len(data),
        packages=f'"brian2=={brian2.__version__}" "numpy=={np.__version__}"',
        n_values=sum(int(np.prod(slot.shape)) for slot in spec.slots.values()),
        n_slots=len(spec.slots),
        expected="\n".join(f"- {name}: {n:,} spikes" for name, n in n_spikes.items()),
        accuracy=100 * accuracy,
        dt=1e3 * spec.dt_s,
        orders="\n".join(table_of_orders(spec)),
        digest=digest,
        versions=", ".join(f"{name} {version}" for name, version in installed_versions().items()),
        trained_on=markdown(str(checkpoint.data.get("name", "not recorded"))),
        about="".join(f"- recordings, {key}: {markdown(str(text))}\n" for key, text in about.items()),
    )

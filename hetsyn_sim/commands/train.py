"""``hetsyn train``: a recipe to a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
from .console import show_table
from .options import DataFile, JsonFile, check_output, load_data, write_json

__all__ = ["train"]


def train(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="A recipe that ships, or the path of a YAML file.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Folder of the run; by default runs/NAME-seedN.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the recipe's.", show_default=False)] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Instead of the recipe's.", show_default=False)] = None,
    data_file: DataFile = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Throw away what run the folder holds.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Train a network in PyTorch.

    Recipes that ship: `fsdd-hetsyn`, `fsdd-hetneu`, `fsdd-homneu` and, small and quick, `fsdd-demo`; for the Spiking Heidelberg Digits,
    which do not ship, `shd-hetsyn` and `shd-hetsyn-as-published`. A training that was interrupted, even killed, goes on where it stopped
    when the same command is given again. The test split is not looked at, unless the recipe says so, as the published one does.

    ```
    hetsyn train fsdd-hetsyn
    hetsyn train fsdd-hetsyn --seed 1 --epochs 10 --out runs/short
    hetsyn train mine.yaml --data mine.h5
    hetsyn train shd-hetsyn --data shd/
    ```
    """
    check_output(json_file)
    from ..training.fit import fit
    from ..training.recipe import load_recipe

    recipe = load_recipe(config)
    if recipe.data and data_file is None:
        raise ConfigError(
            "this recipe needs data that do not ship",
            where=recipe.name,
            got="no --data",
            expected=recipe.data,
            remedy="name them with --data; see the page on data",
        )
    data = load_data(data_file)
    used_seed = recipe.training.seed if seed is None else seed
    folder = Path("runs") / f"{recipe.name}-seed{used_seed}" if out is None else out
    result = fit(
        recipe,
        data,
        epochs=epochs,
        seed=seed,
        out=folder,
        overwrite=overwrite,
        data_name="spoken digits (FSDD)" if data_file is None else data_file.name,
    )
    last = result.history[-1]
    rows = {"epochs": f"{len(result.history)}", "training accuracy": f"{100 * last['train_accuracy']:.2f} %"}
    if "validation_accuracy" in last:
        rows["validation accuracy"] = f"{100 * last['validation_accuracy']:.2f} %"
    rows |= {"time": f"{sum(row['seconds'] for row in result.history):.0f} s", "run": str(folder)}
    show_table(f"{recipe.name}, seed {used_seed}", rows | {"next": f"hetsyn verify {folder}"})
    path = str(folder / "checkpoint.safetensors")
    write_json(json_file, {"checkpoint": path, "recipe": recipe.name, "seed": used_seed, "epochs": len(result.history), "last_epoch": last})

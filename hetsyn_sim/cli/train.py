"""``hetsyn train``: a recipe to a checkpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import BackendError, ConfigError, HetSynError, SpecError
from .console import say, show_table
from .options import DataFile, JsonFile, check_output, load_checkpoint, require_data, training_data, write_json


def train(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="A recipe that ships, or the path of a YAML file.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Folder of the run; by default runs/NAME-seedN.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the recipe's.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Instead of the recipe's.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PLACE=VALUE", help="A setting by its place in the recipe: training.optimiser.lr=0.01. May be repeated."
        ),
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--start", metavar="CHECKPOINT", help="Begin with the values of a checkpoint, not with random ones.")
    ] = None,
    data_file: DataFile = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Throw away what run the folder holds.")] = False,
    devices: Annotated[
        int | None, typer.Option("--devices", min=1, help="Processes on this machine, one per GPU if there are any.")
    ] = None,
    nodes: Annotated[int | None, typer.Option("--nodes", min=1, help="Machines; needs torchrun on each.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Train a network in PyTorch.

    Recipes that ship: `fsdd-hetsyn`, `fsdd-hetneu`, `fsdd-homneu` and, small and quick, `fsdd-demo`; `dms-hetsyn` and `patterns-hetsyn`,
    whose recordings are drawn; and for data that do not ship `shd-hetsyn`, `shd-hetsyn-as-published`, `smnist-hetsyn`,
    `smnist-rows-hetsyn`, `tidigits-hetsyn` and `ti46-alpha-hetsyn`. A training that was interrupted, even killed, goes on where it stopped
    when the same command is given again; with more `--epochs` a finished one goes on, too. The test split is not looked at, unless the
    recipe says so, as the published one for SHD does.

    ```
    hetsyn train fsdd-hetsyn
    hetsyn train fsdd-hetsyn --seed 1 --epochs 10 --out runs/short
    hetsyn train fsdd-hetsyn --set training.optimiser.lr=0.005 --set network.hidden=[64] --out runs/slow
    hetsyn train fsdd-hetsyn --start runs/short --seed 2 --out runs/further
    hetsyn train mine.yaml --data mine.h5
    hetsyn train shd-hetsyn --data shd/
    hetsyn train dms-hetsyn
    hetsyn train shd-hetsyn --data shd/ --devices 2
    ```

    With several devices a batch is shared between as many processes, and the result is that of one process but for the rounding of sums.
    Under torchrun its numbers are taken: `torchrun --standalone --nproc_per_node 2 -m hetsyn_sim.cli.app train fsdd-hetsyn`.
    """
    check_output(json_file)
    from ..training.fit import fit
    from ..training.processes import is_first
    from ..training.recipe import load_recipe

    recipe = load_recipe(config).with_settings(_by_place(settings or []), where="--set")
    values = None if start is None else load_checkpoint(start).values
    used_seed = recipe.training.seed if seed is None else seed
    require_data("recipe", recipe.data, data_file, where=recipe.name)
    folder = Path("runs") / f"{recipe.name}-seed{used_seed}" if out is None else out
    under_torchrun = "TORCHELASTIC_RUN_ID" in os.environ
    if not under_torchrun and (nodes or 1) > 1:
        raise ConfigError(
            "several machines need to know of each other",
            where="--nodes",
            got=f"{nodes}, without torchrun",
            expected="the same command under torchrun on each of them",
            remedy="torchrun --nnodes 2 --nproc_per_node 4 --rdzv_backend c10d --rdzv_endpoint HOST:PORT -m hetsyn_sim.cli.app train ...",
        )
    if not under_torchrun and (devices or 1) > 1:
        assert devices is not None
        options = {"--out": folder, "--seed": seed, "--epochs": epochs, "--data": data_file, "--start": start, "--json": json_file}
        given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
        given += [text for setting in settings or [] for text in ("--set", setting)]
        _in_processes(["train", config, *given, *(["--overwrite"] if overwrite else [])], devices, folder)
        return
    numbers: dict[str, Any] = {name: n for name, n in (("devices", devices), ("num_nodes", nodes)) if n is not None}
    try:
        data, traces, data_name = training_data(recipe, data_file, used_seed)
        numbers |= {"traces": traces, "start": values, "epochs": epochs, "seed": seed}
        result = fit(recipe, data, out=folder, overwrite=overwrite, data_name=data_name, **numbers)
    except HetSynError as error:
        # What is wrong is wrong in all processes of a machine: one says it. That another is gone may be known to a single one.
        if isinstance(error, BackendError) or os.environ.get("LOCAL_RANK", "0") == "0":
            raise
        raise typer.Exit(2) from None
    if not is_first():
        return
    last, kept = result.history[-1], result.checkpoint.metrics
    rows = {"epochs": str(len(result.history))}
    if kept["epoch"] != last["epoch"]:
        rows["kept"] = f"epoch {kept['epoch']}, the best in validation"
    if "train_accuracy" in kept:
        rows["training accuracy"] = f"{100 * kept['train_accuracy']:.2f} %"
    else:
        rows["training error"] = f"{kept['train_loss']:.4f} (mean squared)"
    if "validation_accuracy" in kept:
        rows["validation accuracy"] = f"{100 * kept['validation_accuracy']:.2f} %"
    rows |= {"time": f"{sum(row['seconds'] for row in result.history):.0f} s", "run": str(folder)}
    show_table(f"{recipe.name}, seed {used_seed}", rows | {"next": f"hetsyn verify {folder}"})
    path = str(folder / "checkpoint.safetensors")
    facts = {"checkpoint": path, "recipe": recipe.name, "seed": used_seed, "epochs": len(result.history)}
    write_json(json_file, facts | {"kept_epoch": kept, "last_epoch": last})


def _by_place(settings: list[str]) -> dict[str, Any]:
    from ..spec.grammar.text import read_yaml

    found: dict[str, Any] = {}
    for setting in settings:
        place, equals, value = setting.partition("=")
        if not equals or not place.strip():
            raise ConfigError(
                "a setting needs its place and its value",
                where="--set",
                got=repr(setting),
                expected="PLACE=VALUE, such as training.optimiser.lr=0.01",
                remedy="places are those of the recipe: a section, a dot, a setting",
            )
        try:
            found[place.strip()] = read_yaml(value, where="--set")
        except SpecError as error:
            raise ConfigError(
                "the value of a setting can't be read",
                where=f"--set {place.strip()}",
                got=f"{value!r}: {error.got}",
                expected="a number, a text, true, false, null, or a list in square brackets, as in a recipe",
                remedy="put a text with signs in it into quotes: --set 'PLACE=\"*\"'",
            ) from error
    return found


def _in_processes(arguments: list[str], n: int, folder: Path) -> None:
    from ..training.launch import launch

    try:
        launch(["-m", "hetsyn_sim.cli.app", *arguments], n)
    except KeyboardInterrupt:
        say(f"interrupted: run the same again to go on in {folder}")
        raise typer.Exit(130) from None

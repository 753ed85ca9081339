"""`push`: copy a version of model_artifacts into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from serving import artifact
from skylayer.commands import store_options
from skylayer.commands.version_option import VERSION, artifact_of
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    *store_options.VARIABLES,
    VERSION,
)
EXAMPLES = (
    "make push STORE=s3://my-bucket/models",
    "make push STORE=file:///mnt/models VERSION=0123abcd",
)


def run(options: Options) -> None:
    """Verify, upload with a progress bar, and say what to do next."""
    folder = artifact_of(options)
    store = store_options.chosen(options, create=True)
    try:
        manifest = artifact.read_manifest(folder)
    except artifact.ArtifactError as error:
        raise UserError(f"{error}") from error
    reference = f"{manifest['name']}/{manifest['version']}"
    size = sum(entry["size"] for entry in manifest["files"].values())
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Push {reference}", total=size)
        new = store.push(folder, lambda written: bar.advance(task, written))
    if not new:
        print(f"{reference} is in {store.uri} already.")
        return
    print(f"{reference} is in {store.uri}.")
    print(f"It answers after: make promote STORE={store.uri} VERSION={manifest['version']}")

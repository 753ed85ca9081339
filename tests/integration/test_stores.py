"""Every store against the real thing: a directory, and S3 and DynamoDB as the emulator has them."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from serving import artifact
from serving.stores import Missing, StoreError, artifact_key, pointer
from serving.stores.download import download
from serving.stores.open import open_place
from skylayer import project
from skylayer.aws import emulator as emulators
from skylayer.errors import UserError
from skylayer.stores import open_store, rollouts
from skylayer.stores.layer import LayerStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.stores.interface import Store

PLACES = ("file", "s3", "dynamodb")


def make_version(home: Path, number: int, name: str = "numbers") -> Path:
    """An artifact whose content is only bytes: stores never open it. The file spans several items of a table."""
    folder = home / f"{name} {number}"
    folder.mkdir(parents=True)
    (folder / "tables.bin").write_bytes(bytes([number]) * 900_000)
    (folder / "source").mkdir()
    (folder / "source" / "empty.py").write_bytes(b"")
    manifest = {
        "format": 1,
        "name": name,
        "created": f"2026-11-24T00:00:{number:02}Z",
        "task": "regression",
        "engine": "native",
        "engine_reason": "a test",
        "engines": {"native": {"file": "tables.bin"}},
        "input": {"container": "array", "columns": [{"name": "x", "kind": "number", "nullable": False}]},
        "output": {"fields": ["predictions"]},
        "metrics": {},
        "training": {},
        "libraries": {},
    }
    manifest["files"] = {
        file: {"sha256": artifact.digest_of(folder / file), "size": (folder / file).stat().st_size}
        for file in ("tables.bin", "source/empty.py")
    }
    manifest["version"] = artifact.version_of(manifest)
    (folder / artifact.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def reference_of(folder: Path) -> str:
    manifest = artifact.read_manifest(folder)
    return f"{manifest['name']}/{manifest['version']}"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulators.Emulator]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("emulator")
    with pytest.MonkeyPatch.context() as patch:
        found = emulators.start(folder, port)
        for name, value in found.environment.items():
            patch.setenv(name, value)
        yield found
        emulators.stop(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home = tmp_path_factory.mktemp("artifacts with a space")
    return [make_version(home, number) for number in range(1, 5)]


@pytest.fixture(params=PLACES)
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"file://{tmp_path}/a store"
    request.getfixturevalue("emulator")
    name = "store-" + tmp_path.name.replace("_", "-").lower()[-40:].strip("-")
    if request.param == "s3":
        boto3.client("s3").create_bucket(Bucket=name)
        return f"s3://{name}/below/a prefix"
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "key", "KeyType": "HASH"},
            {"AttributeName": "part", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "key", "AttributeType": "S"},
            {"AttributeName": "part", "AttributeType": "S"},
        ],
    )
    return f"dynamodb://{name}"


def push(store: Store, folder: Path) -> bool:
    return store.push(folder, lambda _: None)


def test_a_version_comes_back_as_it_was_pushed(uri: str, folders: list[Path]) -> None:
    store = open_store(uri, create=True)
    written: list[int] = []
    assert store.push(folders[0], written.append)
    assert sum(written) == 900_000
    place = open_place(uri)
    for name in [artifact.MANIFEST, *artifact.files_of(folders[0])]:
        key = artifact_key(reference_of(folders[0]), name)
        assert b"".join(place.chunks(key)) == (folders[0] / name).read_bytes()


def test_pushing_twice_writes_nothing(uri: str, folders: list[Path]) -> None:
    store = open_store(uri, create=True)
    assert push(store, folders[0])
    before = store.versions()
    assert not push(store, folders[0])
    assert store.versions() == before


def test_an_altered_folder_is_not_pushed(uri: str, folders: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folders[0], copy)
    (copy / "tables.bin").write_bytes(b"other")
    store = open_store(uri, create=True)
    with pytest.raises(UserError, match=r"tables\.bin was altered"):
        push(store, copy)
    assert store.versions() == []


def test_an_interrupted_push_leaves_nothing_visible_and_can_be_finished(
    uri: str, folders: list[Path]
) -> None:
    store = open_store(uri, create=True)

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.push(folders[0], interrupt)
    assert store.versions() == []
    with pytest.raises(UserError, match="is not in"):
        rollouts.promote(store, reference_of(folders[0]))
    assert push(store, folders[0])
    assert len(store.versions()) == 1


def test_what_an_interrupted_push_left_is_swept_after_an_hour(uri: str, folders: list[Path]) -> None:
    store = open_store(uri, create=True)
    push(store, folders[1])

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.push(folders[0], interrupt)
    left = artifact_key(reference_of(folders[0]), "tables.bin")
    assert b"".join(open_place(uri).chunks(left))
    now = datetime.now(UTC)
    assert rollouts.sweep(store, now + timedelta(minutes=59)) == []
    assert rollouts.sweep(store, now + timedelta(minutes=61)) == [reference_of(folders[0])]
    with pytest.raises(Missing):
        b"".join(open_place(uri).chunks(left))
    assert rollouts.sweep(store, now + timedelta(days=1)) == []
    assert [version.reference for version in store.versions()] == [reference_of(folders[1])]
    assert push(store, folders[0])
    assert len(store.versions()) == 2


def test_a_push_that_was_swept_on_its_way_does_not_show_half_a_version(uri: str, folders: list[Path]) -> None:
    store = open_store(uri, create=True)

    def sweep(_: int) -> None:
        rollouts.sweep(store, datetime.now(UTC) + timedelta(hours=2))

    with pytest.raises(UserError, match="was swept away by make prune while it was pushed: push it again"):
        store.push(folders[0], sweep)
    assert store.versions() == []
    assert push(store, folders[0])


def test_uploads_that_never_ended_are_swept_from_a_bucket(
    emulator: emulators.Emulator, folders: list[Path]
) -> None:
    del emulator
    client = boto3.client("s3")
    client.create_bucket(Bucket="unfinished")
    store = open_store("s3://unfinished/models", create=True)
    reference = reference_of(folders[0])

    def interrupt(_: int) -> None:
        key = f"models/{artifact_key(reference, 'more.bin')}"
        begun = client.create_multipart_upload(Bucket="unfinished", Key=key)
        client.upload_part(
            Bucket="unfinished", Key=key, UploadId=begun["UploadId"], PartNumber=1, Body=b"0" * 100
        )
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.push(folders[0], interrupt)
    assert client.list_multipart_uploads(Bucket="unfinished")["Uploads"]
    assert rollouts.sweep(store, datetime.now(UTC) + timedelta(hours=2)) == [reference]
    assert not client.list_multipart_uploads(Bucket="unfinished").get("Uploads")


def test_drafts_are_swept_from_the_clone(folders: list[Path], tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    push(store, folders[0])
    draft = tmp_path / "numbers" / ".draft-left"
    draft.mkdir()
    (draft / "tables.bin").write_bytes(b"half")
    assert rollouts.sweep(store, datetime.now(UTC)) == []
    assert rollouts.sweep(store, datetime.now(UTC) + timedelta(hours=2)) == ["numbers/.draft-left"]
    assert len(store.versions()) == 1


def test_promote_rollback_and_prune(uri: str, folders: list[Path]) -> None:
    store = open_store(uri, create=True)
    for folder in folders:
        push(store, folder)
    names = [reference_of(folder) for folder in folders]
    assert [version.reference for version in store.versions()] == names[::-1]
    assert store.read_pointer() == (None, None)
    rollouts.promote(store, names[0])
    rollouts.promote(store, names[1])
    rollouts.challenge(store, names[3], 0.25, "x-user")
    rollouts.set_shadow(store, names[2])
    found, _ = store.read_pointer()
    assert found == pointer.Pointer(
        names[1], pointer.Challenger(names[3], 0.25, "x-user"), names[2], (names[0],)
    )
    assert rollouts.prune(store, 1) == []
    assert rollouts.roll_back(store) == pointer.Pointer(names[1], previous=(names[0],))
    assert rollouts.prune(store, 1) == [names[2]]
    assert {version.reference for version in store.versions()} == {names[0], names[1], names[3]}
    assert rollouts.roll_back(store) == pointer.Pointer(names[0])
    with pytest.raises(UserError, match="first champion"):
        rollouts.roll_back(store)
    assert push(store, folders[2])


def test_a_pointer_that_has_changed_since_is_not_replaced(uri: str, folders: list[Path]) -> None:
    store, late = open_store(uri, create=True), open_store(uri)
    names = [reference_of(folder) for folder in folders]
    for folder in folders[:3]:
        push(store, folder)
    rollouts.promote(store, names[0])
    read = late.read_pointer()
    rollouts.promote(store, names[1])
    late.read_pointer = lambda: read  # type: ignore[method-assign]
    with pytest.raises(UserError, match="quicker"):
        rollouts.promote(late, names[2])
    assert store.read_pointer()[0] == pointer.Pointer(names[1], previous=(names[0],))


def _race(uri: str, reference: str, barrier: object, outcomes: object) -> None:
    store = open_store(uri)
    read = store.read_pointer()
    store.read_pointer = lambda: read  # type: ignore[method-assign]
    barrier.wait()  # type: ignore[attr-defined]
    try:
        rollouts.promote(store, reference)
    except UserError as error:
        outcomes.put(f"{error}")  # type: ignore[attr-defined]
    else:
        outcomes.put(reference)  # type: ignore[attr-defined]


def test_of_two_processes_that_promote_at_once_one_loses(uri: str, folders: list[Path]) -> None:
    store = open_store(uri, create=True)
    names = [reference_of(folder) for folder in folders[:3]]
    for folder in folders[:3]:
        push(store, folder)
    context = multiprocessing.get_context("spawn")
    for first in (True, False):  # nobody has promoted yet; somebody has
        if not first:
            rollouts.promote(store, names[0])
        barrier, outcomes = context.Barrier(2), context.Queue()
        racers = [context.Process(target=_race, args=(uri, name, barrier, outcomes)) for name in names[1:]]
        for racer in racers:
            racer.start()
        said = sorted(outcomes.get(timeout=60) for _ in racers)
        for racer in racers:
            racer.join()
        winner = store.read_pointer()[0]
        assert winner is not None
        assert winner.champion in said
        assert len([text for text in said if "Somebody else was quicker" in text]) == 1


def test_a_reader_asks_again_only_for_what_has_changed(uri: str, folders: list[Path]) -> None:
    store, place = open_store(uri, create=True), open_place(uri, 2)
    assert place.read_pointer(None) == (None, None)
    for folder in folders[:2]:
        push(store, folder)
    rollouts.promote(store, reference_of(folders[0]))
    read = place.read_pointer(None)
    assert read is not None
    content, token = read
    assert content is not None
    assert pointer.parse(content).champion == reference_of(folders[0])
    assert place.read_pointer(token) is None
    rollouts.promote(store, reference_of(folders[1]))
    assert place.read_pointer(token) is not None


def _corrupt(uri: str, key: str, content: bytes) -> None:
    path = Path("/nowhere")
    if uri.startswith("file://"):
        path = Path(uri.removeprefix("file://"), key)
        path.write_bytes(content)
    elif uri.startswith("s3://"):
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=content)
    else:
        item = {"key": {"S": key}, "part": {"S": "000000"}, "content": {"B": content}}
        boto3.client("dynamodb").put_item(TableName=uri.removeprefix("dynamodb://"), Item=item)


@pytest.mark.parametrize("content", [b"", b"other", bytes(200_000)], ids=["empty", "other", "zeros"])
def test_a_corrupt_version_is_refused_and_leaves_no_folder(
    uri: str, folders: list[Path], tmp_path: Path, content: bytes
) -> None:
    store = open_store(uri, create=True)
    push(store, folders[0])
    reference = reference_of(folders[0])
    _corrupt(uri, f"artifacts/{reference}/tables.bin", content)
    with pytest.raises(artifact.ArtifactError, match=r"tables\.bin"):
        download(open_place(uri), reference, str(tmp_path / "home"))
    assert os.listdir(tmp_path / "home") == []  # noqa: PTH208


def test_a_version_under_another_s_name_is_refused(uri: str, folders: list[Path], tmp_path: Path) -> None:
    store = open_store(uri, create=True)
    push(store, folders[0])
    key = f"artifacts/{reference_of(folders[0])}/manifest.json"
    _corrupt(uri, key, (folders[1] / artifact.MANIFEST).read_bytes())
    with pytest.raises(artifact.ArtifactError, match="altered in the store"):
        download(open_place(uri), reference_of(folders[0]), str(tmp_path / "home"))


def test_a_slow_store_is_given_up(uri: str, folders: list[Path], tmp_path: Path) -> None:
    store = open_store(uri, create=True)
    push(store, folders[0])
    with pytest.raises(StoreError, match="slow"):
        download(open_place(uri), reference_of(folders[0]), str(tmp_path / "home"), seconds=0.0)


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize(
    "uri", ["s3://no-such-bucket", "dynamodb://no-such-table", "file:///no/such/directory"]
)
def test_a_store_that_is_not_there_is_named(uri: str) -> None:
    with pytest.raises(UserError, match=r"no-such-bucket|no-such-table|/no/such/directory"):
        open_store(uri).versions()
    with pytest.raises(StoreError, match=r"no-such-bucket|no-such-table|/no/such/directory"):
        open_place(uri).read_pointer(None)


@pytest.mark.parametrize("uri", ["s3://", "http://x", "file://", "dynamodb://a/b", "bucket"])
def test_what_is_no_store_is_refused(uri: str) -> None:
    with pytest.raises(UserError, match="is not a store"):
        open_store(uri)


def test_the_layer_is_a_store_like_the_others(folders: list[Path], tmp_path: Path) -> None:
    store = LayerStore(tmp_path / "model_artifacts")
    names = [reference_of(folder) for folder in folders]
    for folder in folders:
        assert push(store, folder)
    assert not push(store, folders[0])
    rollouts.promote(store, names[0])
    rollouts.promote(store, names[1])
    assert (tmp_path / "model_artifacts" / "champion").read_text() == f"{names[1]}\n"
    project.set_champion(tmp_path / "model_artifacts" / names[2])
    assert rollouts.prune(store, 1) == [names[0]]
    assert rollouts.roll_back(store).champion == names[1]
    with pytest.raises(UserError, match="ships one model"):
        rollouts.set_shadow(store, names[3])

"""A running function and its store, both of a few lines: which model answers, what is loaded, what is told."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from serving import hot_swap
from serving.artifact import ArtifactError
from serving.hot_swap import HotSwap
from serving.stores import pointer
from serving.stores.pointer import Challenger, Pointer

A, B, C, D = (f"birds/{letter * 16}" for letter in "abcd")
SECONDS = 32.0


def model_of(reference: str, folder: str = "") -> Any:
    name, version = reference.split("/")
    return SimpleNamespace(reference={"name": name, "version": version}, folder=folder)


@dataclass
class World:
    """What surrounds a function: the clock, the store, and what was loaded and told."""

    home: Path
    now: float = 1000.0
    pointer: Pointer | None = None
    token: int = 0
    broken: dict[str, Exception] = field(default_factory=dict)
    opened: list[tuple[str, float]] = field(default_factory=list)
    fetched: list[tuple[str, float]] = field(default_factory=list)
    replayed: list[str] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    shadowed: list[Any] = field(default_factory=list)
    status: int = 200

    def point(self, *parts: Any) -> None:
        self.pointer, self.token = Pointer(*parts), self.token + 1

    def open_place(self, uri: str, seconds: float) -> World:
        self.opened.append((uri, seconds))
        return self

    def read_pointer(self, token: str | None) -> tuple[bytes | None, str | None] | None:
        if "pointer" in self.broken:
            raise self.broken["pointer"]
        if token == str(self.token):
            return None
        return (pointer.write(self.pointer) if self.pointer else None), str(self.token)

    def download(self, _: Any, reference: str, home: str, left: float) -> str:
        self.fetched.append((reference, left))
        folder = Path(home, reference.replace("/", "-"))
        folder.mkdir()
        return str(folder)

    def load(self, folder: str) -> Any:
        reference = Path(folder).name.replace("-", "/", 1)
        if reference in self.broken:
            raise self.broken[reference]
        return model_of(reference, folder)

    def folders(self) -> set[str]:
        return {path.name.replace("-", "/", 1) for path in self.home.iterdir()}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path)
    monkeypatch.setattr(hot_swap, "monotonic", lambda: world.now)
    monkeypatch.setattr(hot_swap, "open_place", world.open_place)
    monkeypatch.setattr(hot_swap, "download", world.download)
    monkeypatch.setattr(hot_swap, "model", SimpleNamespace(load=world.load))
    replay = lambda one: world.replayed.append(one.folder)  # noqa: E731
    monkeypatch.setattr(hot_swap, "golden", SimpleNamespace(replay=replay))
    told = lambda message, **members: world.told.append({"message": message, **members})  # noqa: E731
    monkeypatch.setattr(hot_swap, "log", SimpleNamespace(roll_out=told))
    handle = lambda request, chosen: SimpleNamespace(status=world.status, by=chosen, request=request)  # noqa: E731
    monkeypatch.setattr(hot_swap, "api", SimpleNamespace(handle=handle))
    score = lambda *asked: world.shadowed.append(asked)  # noqa: E731
    monkeypatch.setattr(hot_swap, "shadow", SimpleNamespace(score=score))
    return world


def running(world: World, shipped: str = A) -> HotSwap:
    return HotSwap(model_of(shipped, "/opt/model"), "file:///store", SECONDS, str(world.home))


def later(world: World, swap: HotSwap, seconds: float = SECONDS) -> str:
    world.now += seconds
    return name(swap.current())


def name(one: Any) -> str:
    return "/".join(one.reference.values())


def request(method: str = "POST", body: bytes = b"{}", **headers: str) -> Any:
    return types.SimpleNamespace(method=method, headers=headers, body=body)


def test_what_was_shipped_answers_until_a_pointer_names_another(world: World) -> None:
    swap = running(world)
    assert world.opened == [("file:///store", 1.0)]
    assert name(swap.current()) == A
    world.point(B)
    assert later(world, swap, SECONDS - 1.0) == A  # not yet
    assert later(world, swap, 1.0) == B
    assert world.fetched == [(B, 8.0)]
    assert world.replayed == [str(world.home / B.replace("/", "-"))]
    assert world.told == [{"message": "model swapped", "counts": {"model_swaps": 1}, "version": "b" * 16}]
    assert later(world, swap) == B
    assert len(world.opened) == len(world.fetched) == len(world.told) == 1


def test_a_pointer_that_names_what_was_shipped_loads_and_tells_nothing(world: World) -> None:
    world.point(A)
    assert name(running(world).current()) == A
    assert world.fetched == []
    assert world.told == []


def test_a_pointer_that_went_away_leaves_the_last_champion(world: World) -> None:
    world.point(B)
    swap = running(world)
    world.pointer, world.token = None, world.token + 1
    assert later(world, swap) == B
    assert len(world.told) == 1


def test_the_shipped_model_answers_again_without_a_download(world: World) -> None:
    world.point(B)
    swap = running(world)
    world.point(A)
    assert later(world, swap) == A
    world.point(B)
    assert later(world, swap) == B
    assert [reference for reference, _ in world.fetched] == [B]


def test_versions_are_kept_while_active_and_for_one_swap_more(world: World) -> None:
    """Requests may still be on what was active just before."""
    world.point(B, Challenger(C, 0.5, "x-session"), D)
    swap = running(world)
    assert world.folders() == {B, C, D}
    world.point(C)
    assert later(world, swap) == C
    assert world.folders() == {B, C, D}
    world.point(C, None, B)
    assert later(world, swap) == C
    assert world.folders() == {B, C}
    world.point(A)
    later(world, swap)
    world.point(A, None, D)
    later(world, swap)
    assert world.folders() == {D}
    assert [reference for reference, _ in world.fetched] == [B, C, D, D]


@pytest.mark.parametrize(
    ("part", "active"),
    [
        (Pointer(B), A),
        (Pointer(A, Challenger(B, 1.0, "x-session")), A),
        (Pointer(A, None, B), A),
        (Pointer(C, None, B), C),
    ],
    ids=["champion", "challenger", "shadow", "shadow of another"],
)
def test_a_version_that_cannot_be_opened_plays_no_part_and_is_told(
    part: Pointer, active: str, world: World
) -> None:
    world.broken[B] = ArtifactError("is broken")
    world.point(*part)
    swap = running(world)
    assert name(swap.current()) == active
    assert B not in world.folders()
    (failure,) = (told for told in world.told if told["message"] == "model swap failed")
    assert failure == {
        "message": "model swap failed",
        "failed": True,
        "counts": {"model_swap_failures": 1},
        "wanted": B,
        "reason": "is broken",
        "answering": "a" * 16,
    }
    response: Any = swap.respond(request(), swap.current())
    assert name(response.by) == active
    assert world.shadowed == []


def test_a_version_that_failed_is_tried_again_later_each_time_until_it_opens(world: World) -> None:
    world.broken[B] = ArtifactError("is broken")
    world.point(B)
    swap = running(world)
    tried = []
    for _ in range(16):
        before = len(world.fetched)
        later(world, swap, SECONDS)
        tried.append(len(world.fetched) - before)
    assert [k for k, times in enumerate(tried) if times] == [0, 2, 6, 14]  # after 32, 64, 128 and 256 s
    del world.broken[B]
    for _ in range(16):
        later(world, swap, SECONDS)
    assert name(swap.current()) == B
    count = len(world.fetched)
    later(world, swap, 10 * SECONDS)
    assert len(world.fetched) == count


def test_another_pointer_is_not_kept_waiting_by_the_failure_of_the_last(world: World) -> None:
    world.broken[B] = ArtifactError("is broken")
    world.point(B)
    swap = running(world)
    later(world, swap)
    world.point(C)
    assert later(world, swap) == C


def test_versions_of_one_pointer_share_its_deadline(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*asked: Any) -> str:
        folder = world.download(*asked)
        world.now += 3.0
        return folder

    monkeypatch.setattr(hot_swap, "download", slow)
    world.point(B, None, C)
    running(world)
    assert world.fetched == [(B, 8.0), (C, 5.0)]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError("no route"), "no route"), (ValueError(), "ValueError")],
    ids=["words", "none"],
)
def test_a_pointer_that_cannot_be_read_is_told_with_no_version(
    error: Exception, reason: str, world: World
) -> None:
    world.broken["pointer"] = error
    assert name(running(world).current()) == A
    (told,) = world.told
    assert (told["wanted"], told["reason"], told["answering"]) == (None, reason, "a" * 16)


def test_a_missing_library_is_told_as_what_the_layers_lack(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.broken[B] = ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime")
    monkeypatch.setattr("serving.hot_swap.artifact.read_manifest", lambda _: {"engine": "onnx"})
    world.point(B)
    running(world)
    (told,) = world.told
    assert told["reason"] == "the engine onnx is not in the deployed layers: there is no onnxruntime."


CHALLENGED = (A, Challenger(B, 1.0, "x-session"), None)


def test_a_challenger_answers_its_share_of_predictions(world: World) -> None:
    world.point(*CHALLENGED)
    swap = running(world)
    champion = swap.current()
    assert name(swap.respond(request(), champion).by) == B  # type: ignore[attr-defined]
    assert name(swap.respond(request("GET"), champion).by) == A  # type: ignore[attr-defined]
    world.point(A, Challenger(B, 0.0, "x-session"))
    later(world, swap)
    assert name(swap.respond(request(), champion).by) == A  # type: ignore[attr-defined]
    world.point(A)
    later(world, swap)
    assert name(swap.respond(request(), champion).by) == A  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("method", "status", "asked"),
    [
        ("POST", 200, True),
        ("POST", 422, False),
        ("POST", 201, False),
        ("POST", 199, False),
        ("GET", 200, False),
    ],
)
def test_a_shadow_is_asked_for_predictions_that_succeeded(
    method: str, status: int, asked: bool, world: World
) -> None:
    world.point(A, None, C)
    world.status = status
    swap = running(world)
    sent = request(method)
    response = swap.respond(sent, swap.current())
    assert len(world.shadowed) == asked
    if asked:
        ((told, answer, champion, shadow),) = world.shadowed
        assert (told, answer, name(champion), name(shadow)) == (sent, response, A, C)


def test_a_shadow_stands_beside_the_challenger_where_that_answered(world: World) -> None:
    world.point(A, Challenger(B, 1.0, "x-session"), C)
    swap = running(world)
    swap.respond(request(), swap.current())
    ((_, __, answered, shadow),) = world.shadowed
    assert (name(answered), name(shadow)) == (B, C)


def test_without_a_shadow_none_is_asked(world: World) -> None:
    world.point(*CHALLENGED)
    swap = running(world)
    swap.respond(request(), swap.current())
    assert world.shadowed == []


@pytest.mark.parametrize(("given", "seconds"), [(None, 30.0), ("", 30.0), ("2.5", 2.5)])
def test_the_environment_names_the_store_and_its_seconds(
    given: str | None, seconds: float, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYLAYER_STORE", "file:///store")
    monkeypatch.delenv("SKYLAYER_STORE_SECONDS", raising=False)
    if given is not None:
        monkeypatch.setenv("SKYLAYER_STORE_SECONDS", given)
    swap = hot_swap.from_environment(model_of(A))
    assert world.opened == [("file:///store", 1.0)]
    world.point(B)
    assert later(world, swap, seconds - 0.5) == A
    assert later(world, swap, 0.5) == B


def test_one_thread_looks_and_the_others_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    swap = running(world)
    world.point(B)
    seen = []

    def meanwhile(*asked: Any) -> str:
        seen.append(name(swap.current()))  # of another request: it neither waits nor looks
        return world.download(*asked)

    monkeypatch.setattr(hot_swap, "download", meanwhile)
    assert later(world, swap) == B
    assert seen == [A]


def test_a_home_is_made_where_there_is_something_to_keep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def temporary(prefix: str) -> str:
        made.append(prefix)
        return str(world.home)

    monkeypatch.setattr("serving.hot_swap.tempfile.mkdtemp", temporary)
    swap = HotSwap(model_of(A), "file:///store", SECONDS)
    assert made == []
    world.point(B, None, C)
    assert later(world, swap) == B
    assert made == ["skylayer-"]
    assert world.folders() == {B, C}

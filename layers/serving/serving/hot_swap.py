"""Hot swap: a running function reads the pointer of a store and changes models without a deployment.

Only functions with a store import this. Whatever goes wrong, the last good models go on answering; a log line
and a metric say what it was.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import namedtuple
from threading import Lock
from time import monotonic

from serving import api, artifact, golden, log, model, shadow
from serving.stores.deadline import within
from serving.stores.download import download
from serving.stores.open import open_place
from serving.stores.pointer import parse
from serving.stores.share import goes_to_challenger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from serving.http import Request, Response
    from serving.model import Model
    from serving.stores import Place
    from serving.stores.pointer import Pointer

DEFAULT_SECONDS = 30.0
# A step of a conversation with the store, and all of it, pointer and downloads together: a cold start has 10 s for all
# that it does (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
STEP_SECONDS = 1.0
STORE_SECONDS = 8.0
MAX_DELAY = 300.0

# The models that requests meet, and the challenger's entry in the pointer; replaced as one.
ActiveModels = namedtuple("ActiveModels", ("champion", "challenger", "share", "shadow"))  # noqa: PYI024 (typing costs a cold start)


class HotSwap:
    """The models that a store's pointer names, asked for at most every so many seconds."""

    def __init__(
        self, shipped: Model, uri: str, seconds: float = DEFAULT_SECONDS, home: str | None = None
    ) -> None:
        self._uri = uri
        self._seconds = seconds
        self._home = home  # made when there is something to keep: a full disk must not end a cold start
        self._place: Place | None = None
        self._models = {_reference(shipped): shipped}
        self._shipped = _reference(shipped)
        self._active = ActiveModels(shipped, None, None, None)
        self._token: str | None = None
        self._wanted: Pointer | None = None  # what couldn't be loaded yet
        self._failures = 0
        self._retry = self._due = 0.0
        self._lock = Lock()
        self._look()

    def current(self) -> Model:
        """The champion, after a look at the pointer if it is time for one."""
        if monotonic() >= self._due:
            self._look()
        return self._active.champion  # type: ignore[no-any-return]

    def respond(self, request: Request, champion: Model) -> Response:
        """Answer a request by the champion or, for its share, by the challenger; then ask the shadow."""
        active = self._active
        chosen = champion
        if (
            active.challenger is not None
            and request.method == "POST"
            and goes_to_challenger(active.share, request.headers, request.body)
        ):
            chosen = active.challenger
        response = api.handle(request, chosen)
        if active.shadow is not None and request.method == "POST" and response.status == 200:  # noqa: PLR2004
            shadow.score(request, response, chosen, active.shadow)
        return response

    def _look(self) -> None:
        """Read the pointer if it has changed, and swap; one thread at a time, the others go on."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._read_and_swap(monotonic() + STORE_SECONDS)
            self._due = monotonic() + self._seconds
        except Exception as error:  # noqa: BLE001 (no failure of a store may reach a request)
            self._failures += 1
            self._report(None, error)
            self._due = monotonic() + self._delay()
        finally:
            self._lock.release()

    def _read_and_swap(self, deadline: float) -> None:
        found = within(STORE_SECONDS, self._read_pointer)
        if found is not None:
            content, token = found
            wanted = None if content is None else parse(content)
            # Not before: a pointer that was damaged, or only its reading, is read again.
            self._token, self._wanted = token, wanted
            self._failures, self._retry = 0, 0.0
        elif self._wanted is None:
            self._failures = 0
        if self._wanted is not None and monotonic() >= self._retry:
            self._swap(self._wanted, deadline)

    def _read_pointer(self) -> tuple[bytes | None, str | None] | None:
        if self._place is None:
            self._place = open_place(self._uri, STEP_SECONDS)
        return self._place.read_pointer(self._token)

    def _swap(self, pointer: Pointer, deadline: float) -> None:
        """Load what the pointer names, then replace all at once; without its champion nothing changes."""
        failed = False
        loaded = {}
        for reference in pointer.references:
            try:
                loaded[reference] = self._load(reference, deadline)
            except Exception as error:  # noqa: BLE001 (whatever a foreign version does, the last good one answers)
                failed = True
                self._report(reference, error)
        if pointer.champion in loaded:
            self._replace(pointer, loaded)
        self._wanted = pointer if failed else None
        self._failures = self._failures + 1 if failed else 0
        self._retry = monotonic() + self._delay()

    def _load(self, reference: str, deadline: float) -> Model:
        known = self._models.get(reference)
        if known is not None:
            return known
        place = self._place
        assert place is not None
        if self._home is None:
            self._home = tempfile.mkdtemp(prefix="skylayer-")
        home, left = self._home, deadline - monotonic()
        folder = within(left, lambda: download(place, reference, home, left))
        try:
            loaded = _open(folder)
            golden.replay(loaded)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._models[reference] = loaded
        return loaded

    def _replace(self, pointer: Pointer, loaded: dict[str, Model]) -> None:
        challenger = pointer.challenger and loaded.get(pointer.challenger.version)
        before = {
            _reference(one)
            for one in (self._active.champion, self._active.challenger, self._active.shadow)
            if one
        }
        active = ActiveModels(
            loaded[pointer.champion],
            challenger,
            pointer.challenger if challenger else None,
            loaded.get(pointer.shadow or ""),
        )
        changed = active.champion is not self._active.champion
        self._active = active
        if changed:
            log.roll_out(
                "model swapped", counts={"model_swaps": 1}, version=active.champion.reference["version"]
            )
        self._forget(before | set(loaded))

    def _forget(self, kept: set[str]) -> None:
        """Let go of versions that are neither active nor were before this swap: requests may be on the latter."""
        for reference in [name for name in self._models if name not in kept and name != self._shipped]:
            shutil.rmtree(self._models.pop(reference).folder, ignore_errors=True)

    def _report(self, reference: str | None, error: Exception) -> None:
        reason = f"{error}" or type(error).__name__
        champion = self._active.champion.reference["version"]
        log.roll_out(
            "model swap failed",
            failed=True,
            counts={"model_swap_failures": 1},
            wanted=reference,
            reason=reason,
            answering=champion,
        )

    def _delay(self) -> float:
        """Seconds to the next attempt: twice as many after each failure, so that a broken store is left alone."""
        doubled: float = self._seconds * 2 ** min(max(self._failures - 1, 0), 16)
        return min(doubled, max(MAX_DELAY, self._seconds))


def from_environment(shipped: Model) -> HotSwap:
    """Swap by the store that `SKYLAYER_STORE` names, every `SKYLAYER_STORE_SECONDS` seconds at most."""
    seconds = float(os.environ.get("SKYLAYER_STORE_SECONDS") or DEFAULT_SECONDS)
    return HotSwap(shipped, os.environ["SKYLAYER_STORE"], seconds)


def _open(folder: str) -> Model:
    try:
        return model.load(folder)
    except ImportError as error:
        engine = artifact.read_manifest(folder)["engine"]
        raise artifact.ArtifactError(
            f"the engine {engine} is not in the deployed layers: there is no {error.name}."
        ) from error


def _reference(one: Model) -> str:
    return f"{one.reference['name']}/{one.reference['version']}"

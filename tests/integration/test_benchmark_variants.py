"""The benchmark's variants under the real emulator: what they import, what they answer, how they fail."""

from __future__ import annotations

import json
import os
import platform
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from benchmarks import data, measure, models, packages, product, run, settings, variants, wrapped
from benchmarks.allotment import Allotment, Unavailable
from benchmarks.checks import Broken, Expected, check
from benchmarks.emulator import Emulator, Refused, event
from benchmarks.measure import Place
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.variants import PEER_VARIANTS, Deployment, Peer
from benchmarks.workspace import Workspace
from skylayer import project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(
        platform.system() != "Linux", reason="the Runtime Interface Emulator is a Linux program"
    ),
    pytest.mark.xdist_group("benchmarks"),
]
STATE = project.STATE / "benchmarks"
COMPILED = {peer.name: peer for peer in PEER_VARIANTS if peer.compiled}


@pytest.fixture(scope="module")
def model() -> models.Model:
    return replace(models.fit("logistic-regression", data.mixed(rows=300, ask=600)), name="tested")


@pytest.fixture(scope="module")
def ours(model: models.Model, tmp_path_factory: pytest.TempPathFactory) -> list[Deployment]:
    workspace = Workspace.at(tmp_path_factory.mktemp("with spaces in it"), STATE)
    artifact = product.package(model, workspace)
    return [
        product.deploy(artifact, engine, workspace) for engine in product.engines_of(artifact, native=True)
    ]


@pytest.mark.parametrize("name", COMPILED)
def test_a_peer_imports_what_it_may_and_answers_as_the_estimator(
    name: str, model: models.Model, tmp_path: Path
) -> None:
    # Sources do here: compiling the packages would take longer than everything else.
    peer = replace(COMPILED[name], compiled=False)
    deployment = _deployed(peer, model, tmp_path)
    found = check(deployment, _request(model), Expected.of(model, 200) if peer.predicts else None)
    if found:
        assert found["labels_different"] == 0
        assert found["largest_difference"] < 1e-5


def test_a_package_not_allowed_is_an_error(model: models.Model, tmp_path: Path) -> None:
    deployment = _deployed(replace(COMPILED["powertools"], compiled=False), model, tmp_path)
    with pytest.raises(Broken, match="powertools imported what it may not: aws_lambda_powertools"):
        check(replace(deployment, may_import=frozenset()), _request(model), None)


def test_the_development_environment_is_out_of_reach(model: models.Model, tmp_path: Path) -> None:
    deployment = _deployed(COMPILED["bare"], model, tmp_path)
    handler = deployment.function / "app.py"
    shutil.rmtree(deployment.function / "__pycache__")
    handler.write_text(f"import rich\n{handler.read_text()}")
    with Emulator(deployment.folders) as emulator, pytest.raises(Refused, match="No module named 'rich'"):
        emulator.invoke(_request(model))


@pytest.mark.slow
def test_every_engine_imports_what_it_may_and_answers_as_the_estimator(
    model: models.Model, ours: list[Deployment]
) -> None:
    assert ours
    for deployment in ours:
        found = check(deployment, _request(model), Expected.of(model, 200))
        assert found
        assert found["labels_different"] == 0
        assert found["largest_difference"] < 1e-12


def test_without_an_engines_file_the_run_breaks_and_reports_nothing(
    model: models.Model, ours: list[Deployment], tmp_path: Path
) -> None:
    for deployment in ours:
        opt = tmp_path / deployment.engine / "python" if deployment.engine else tmp_path
        shutil.copytree(deployment.opt, opt, copy_function=os.link)
        artifact = opt / "model_artifact"
        manifest = json.loads((artifact / "manifest.json").read_text())
        (artifact / manifest["engines"][deployment.engine]["file"]).unlink()
        results = Results("tested", {}, {})
        progress = Progress(Console(quiet=True), settings.QUICK)
        checked = run.ModelRun(settings.QUICK, Workspace.at(tmp_path, STATE), progress, results, model)
        checked.deployed = [replace(deployment, opt=opt)]
        with pytest.raises(Broken, match=f"{deployment.variant}, tested"):
            checked.check()
        assert not results.deployments


def test_a_pipeline_that_no_longer_compiles_breaks_the_run(model: models.Model, tmp_path: Path) -> None:
    artifact = product.package(model, Workspace.at(tmp_path, STATE))
    manifest = json.loads((artifact / "manifest.json").read_text())
    del manifest["engines"]["native"]
    (artifact / "manifest.json").chmod(0o644)
    (artifact / "manifest.json").write_text(json.dumps(manifest | {"engine_reason": "no compiler"}))
    with pytest.raises(Broken, match="native can't serve tested: no compiler"):
        product.engines_of(artifact, native=True)
    assert product.engines_of(artifact, native=False) == ["sklearn"]


def test_a_peer_whose_packages_cannot_be_had_is_named_and_left_out(
    model: models.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Peer("gone", "bare.py", ("skylayer-peer-that-is-nowhere",))
    monkeypatch.setattr(variants, "PEER_VARIANTS", (COMPILED["bare"], gone))
    monkeypatch.setenv("UV_OFFLINE", "1")
    results = Results("tested", {}, {})
    progress = Progress(Console(quiet=True), settings.QUICK)
    tested = run.ModelRun(settings.QUICK, Workspace.at(tmp_path, STATE), progress, results, model)
    tested.deploy()
    assert [one.variant for one in tested.deployed] == [
        "bare",
        "bare, in C",
        "skylayer, sklearn",
        "skylayer, native",
        "skylayer, native, runtime loop",
    ]
    assert [(one["model"], one["variant"]) for one in results.skipped] == [("tested", "gone")]
    assert "skylayer-peer-that-is-nowhere" in results.skipped[0]["reason"]


def test_another_engine_than_the_one_named_is_an_error(model: models.Model, ours: list[Deployment]) -> None:
    with pytest.raises(Broken, match="is served by the engine"):
        check(replace(ours[0], engine="imagined"), _request(model), None)


def test_samples_of_a_cold_start(model: models.Model, tmp_path: Path) -> None:
    deployment = _deployed(COMPILED["bare"], model, tmp_path)
    place = Place("tested", "bare", 0)
    taken = measure.cold_start(deployment, _request(model), place, warm=5, batches={1: _request(model)})
    found = {
        sample.figure: sample for sample in taken + measure.split(deployment, {1: _request(model)}, place)
    }
    assert len(found["warm_latency"].values) == 5
    assert 5e6 < found["peak_memory"].values[0] < 1e8
    assert found["batch_latency"].at == {"rows": 1}
    assert len(found["handler_latency"].values) >= 20
    assert {f"cold_start: {part}" for part in measure.PARTS} <= set(found)
    assert found["cold_start: interpreter"].values[0] > 0
    assert found["cold_start: emulator"].values[0] > 0


def test_a_share_of_a_processor_holds_for_the_runtime(model: models.Model, tmp_path: Path) -> None:
    deployment = _deployed(COMPILED["bare"], model, tmp_path)
    try:
        with Allotment(128) as group:
            folders = list(group.folders)
            assert measure.cold_start(
                deployment, _request(model), Place("tested", "bare", 0), allotment=group
            )
            counts = [line.split() for line in (folders[0] / "cpu.stat").read_text().splitlines()]
            assert next(int(count) for name, count in counts if name == "nr_throttled") > 0
            assert not group.killed()
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert not any(folder.exists() for folder in folders)


def _deployed(peer: Peer, model: models.Model, folder: Path) -> Deployment:
    """Deploy below a folder of the test, with the packages that runs of the benchmark share."""
    try:
        return variants.deploy_peer(peer, model, Workspace.at(folder, STATE))
    except (packages.UnreachableError, variants.NotServedError) as reason:
        pytest.skip(str(reason))


def _request(model: models.Model) -> bytes:
    return event({"instances": data.instances(model.repeated(1))})


def test_the_runtime_loop_answers_as_the_estimator_and_a_constant_loop_by_itself(
    model: models.Model, ours: list[Deployment], tmp_path: Path
) -> None:
    native = next(deployment for deployment in ours if deployment.engine == "native")
    looped = wrapped.with_runtime_loop(native)
    assert looped is not None
    found = check(looped, _request(model), Expected.of(model, 200))
    assert found is not None
    assert found["labels_different"] == 0
    place = Place("tested", looped.variant, 0)
    figures = [sample.figure for sample in measure.cold_start(looped, _request(model), place, warm=2)]
    assert figures == ["cold_start", "peak_memory", "warm_latency"]
    constant = wrapped.constant(Workspace.at(tmp_path / "constant", STATE))
    assert check(constant, _request(model), None) is None


def test_without_its_form_the_runtime_loop_is_no_variant(ours: list[Deployment], tmp_path: Path) -> None:
    assert wrapped.with_runtime_loop(replace(ours[0], opt=tmp_path / "python")) is None

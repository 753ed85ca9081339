"""`audit`: check the lock file, the licences of what ships, the sources for secrets, and the templates."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skylayer import project

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

# Licences under which a program of any licence may use a library; others are named, for a person to judge.
PERMISSIVE = (
    "apache",
    "bsd",
    "mit",
    "isc",
    "psf",
    "python",
    "mpl",
    "mozilla",
    "zlib",
    "unlicense",
    "cc0",
    "0bsd",
    "public domain",
)
# The emulator takes any credentials; these are for it.
TEST_CREDENTIALS = r"(?i)aws_secret_access_key.{0,4}[=:] ?.test"
# What looks like a secret and is a digest: a model's version, a commit.
DIGESTS = r"\"(version|commit)\": \"[0-9a-f]{12,40}\""
NOT_SCANNED = r"(^|/)(uv\.lock|package-lock\.json|model_artifacts/.*|.*\.csv|docs/.*\.svg)$"
# In an environment of its own, since it pins other versions of what the SAM CLI needs.
CHECKOV = "checkov==3.3.30"
TEMPLATES = ("template.yaml", "deployment/bootstrap.yaml")
VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make audit",)


def run(options: Options) -> int:  # noqa: ARG001
    """Print what each of the four finds; 1 if one finds something, or could not look."""
    checks = {
        "vulnerabilities": _vulnerabilities,
        "licences": _licences,
        "secrets": _secrets,
        "templates": _templates,
    }
    clean = True
    for name, check in checks.items():
        finding = check()
        print(f"{name}: {finding or 'nothing found'}", flush=True)
        clean = clean and finding is None
    return 0 if clean else 1


def _vulnerabilities() -> str | None:
    """What pip-audit says of the versions of uv.lock."""
    export = [project.uv(), "export", "--quiet", "--frozen", "--all-groups", "--no-emit-project"]
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "requirements.txt"
        with requirements.open("w") as file:
            subprocess.run(export, cwd=project.ROOT, stdout=file, check=True)  # noqa: S603
        command = [
            project.program("pip-audit"),
            "--requirement",
            str(requirements),
            "--disable-pip",
            "--timeout",
            "20",
        ]
        done = subprocess.run(  # noqa: S603
            [*command, "--format", "json", "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            check=False,
        )
    return vulnerabilities(done.stdout, done.stderr)


def vulnerabilities(report: str, said: str) -> str | None:
    """What pip-audit's report in JSON amounts to, in one line; `said` is what it wrote beside it.

    A package that it knows nothing of counts as not checked: an audit that could not look is none.
    """
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        last = (said.strip().splitlines() or ["nothing"])[-1]
        return f"NOT CHECKED, pip-audit could not reach its service: {last[:200]}"
    found = [
        f"{part['name']} {part['version']} {vulnerability['id']} "
        f"(fixed in {', '.join(vulnerability['fix_versions']) or 'no version'})"
        for part in packages
        for vulnerability in part.get("vulns", [])
    ]
    unknown = [part["name"] for part in packages if "skip_reason" in part]
    if len(unknown) == len(packages):
        return f"NOT CHECKED, pip-audit's service knows none of the {len(unknown)} packages: is it a mirror?"
    if unknown:
        found.append(f"NOT CHECKED, not known to pip-audit's service: {', '.join(unknown)}")
    return "; ".join(found) or None


def _licences() -> str | None:
    """Packages that ship or that a build imports, whose licence is none that is known to be permissive."""
    export = [
        project.uv(),
        "export",
        "--quiet",
        "--frozen",
        "--no-default-groups",
        "--no-emit-project",
        "--no-hashes",
    ]
    done = subprocess.run(export, cwd=project.ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    lines = [line for line in done.stdout.splitlines() if line[:1].isalnum()]
    found = {name: licence(distribution(name)) for name in (line.split("==")[0] for line in lines)}
    doubtful = {name: text for name, text in found.items() if not is_permissive(text)}
    return "; ".join(f"{name} ({text or 'none stated'})" for name, text in sorted(doubtful.items())) or None


def licence(part: Distribution) -> str:
    """The licence that a package states, its SPDX expression (PEP 639) first, in one line."""
    metadata = part.metadata
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in metadata.get_all("Classifier") or []
        if value.startswith("License :: ") and not value.endswith("OSI Approved")
    ]
    stated = metadata.get("License-Expression") or ", ".join(classifiers) or metadata.get("License") or ""
    return " ".join(str(stated).split())[:80]


def is_permissive(text: str) -> bool:
    """Whether a licence, by its name, is one of the permissive ones."""
    return any(name in text.lower() for name in PERMISSIVE)


def _secrets() -> str | None:
    """What detect-secrets finds in the files of the project."""
    command = [
        sys.executable,
        "-m",
        "detect_secrets",
        "scan",
        "--all-files",
        "--exclude-files",
        NOT_SCANNED,
        "--exclude-lines",
        TEST_CREDENTIALS,
        "--exclude-lines",
        DIGESTS,
    ]
    folders = ["training", "skylayer", "functions", "layers", "docs", "deployment", ".github"]
    files = ["template.yaml", "samconfig.toml", "Makefile", "pyproject.toml", "README.md"]
    present = [name for name in [*folders, *files] if (project.ROOT / name).exists()]
    done = subprocess.run(  # noqa: S603
        [*command, *present], cwd=project.ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return f"NOT CHECKED: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
    results: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["results"]
    found = [f"{name}:{hit['line_number']} {hit['type']}" for name, hits in results.items() for hit in hits]
    return "; ".join(found) or None


def _templates() -> str | None:
    """What checkov, without a network, finds in the CloudFormation templates."""
    command = [
        project.uv(),
        "tool",
        "run",
        "--quiet",
        "--python",
        sys.executable,
        "--from",
        CHECKOV,
        "checkov",
    ]
    options = ["--framework", "cloudformation", "--skip-download", "--quiet", "--output", "json"]
    files = [argument for name in TEMPLATES for argument in ("--file", name)]
    done = subprocess.run(  # noqa: S603
        [*command, *options, *files], cwd=project.ROOT, capture_output=True, text=True, check=False
    )
    return misconfigurations(done.stdout, done.stderr)


def misconfigurations(report: str, said: str) -> str | None:
    """What checkov's report in JSON amounts to, in one line; `said` is what it wrote beside it."""
    try:
        results: dict[str, Any] = json.loads(report)
    except ValueError:
        last = (said.strip().splitlines() or ["nothing"])[-1]
        return f"NOT CHECKED, {CHECKOV} does not run: {last[:200]}"
    failed = [
        f"{check['resource'].rpartition('.')[2]} {check['check_id']} ({check['check_name']})"
        for check in results["results"]["failed_checks"]
    ]
    broken = results["summary"]["parsing_errors"]
    if broken:
        failed.append(f"NOT CHECKED, {broken} of {len(TEMPLATES)} templates can't be read by checkov")
    return "; ".join(failed) or None

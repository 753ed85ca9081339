"""What a cold start imports: nothing but what the runtime client has paid for already, and ourselves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SERVING = Path(__file__).parents[2] / "layers" / "serving"

# What each of these costs is in the design: a compiled engine starts in the time of a hello world.
FORBIDDEN = {
    "argparse", "base64", "csv", "ctypes", "dataclasses", "difflib", "hashlib", "importlib.resources",
    "inspect", "joblib", "mmap", "numpy", "pandas", "pathlib", "random", "sklearn", "typing",
}  # fmt: skip

# The engine answers without any library, as a compiled one does.
PROGRAM = """
import sys, json
sys.path.insert(0, sys.argv[1])
from serving import gateway, model
class Engine:
    most_rows = 10000
    def admit(self, columns, rows):
        pass
    def predict_json(self, body):
        return None
    def predict_members(self, columns, rows):
        return None
    def predict(self, columns, rows):
        return {"predictions": [sum(row) for row in zip(*columns)]}
columns = [{"name": name, "kind": "number", "nullable": False} for name in "ab"]
manifest = {"name": "sum", "version": "0" * 16}
manifest |= {"input": {"columns": columns}, "output": {"fields": ["predictions"]}}
loaded = model.Model("", manifest, Engine())
event = {"httpMethod": "POST", "resource": "/predict", "headers": {"content-type": "application/json"}}
event["body"] = '{"instances": [{"a": 1, "b": 2}, [3, 4]]}'
answer = gateway.handler(lambda: loaded)(event, None)
print(json.dumps({"answer": json.loads(answer["body"]), "modules": sorted(sys.modules)}))
"""


def test_a_prediction_needs_no_expensive_module() -> None:
    command = [sys.executable, "-S", "-E", "-c", PROGRAM, str(SERVING)]
    result = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
    assert result["answer"]["predictions"] == [3.0, 7.0]
    modules = set(result["modules"])
    assert {"serving.api", "serving.model", "serving.json_body"} <= modules
    assert not modules & FORBIDDEN
    assert "serving.csv_body" not in modules
    assert not [name for name in modules if name.startswith("serving.engines.")]

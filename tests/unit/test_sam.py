"""The parameters that samconfig.toml gives are read as SAM reads them."""

from __future__ import annotations

from typing import Any

import pytest
from samcli.cli.types import CfnParameterOverridesType

from skylayer.aws.sam import parse_overrides
from skylayer.errors import UserError


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Architecture=arm64",
        "Architecture=arm64 MemorySize=512",
        'StorePlace="s3://a bucket/models" MemorySize=512',
        "ParameterKey=Architecture,ParameterValue=arm64 ParameterKey=MemorySize,ParameterValue=512",
        'ParameterKey=SubnetIds,ParameterValue="subnet-1,subnet-2"',
        ["Architecture=arm64", "MemorySize=512"],
        {"Architecture": "arm64", "MemorySize": 512},
        [{"Architecture": "arm64"}, "MemorySize=512"],
        {"SubnetIds": ["subnet-1", "subnet-2"]},
        {"SubnetIds": [" subnet-1 ", "", "subnet-2"]},
        {"DetailedMetrics": True, "Weight": 0.5},
    ],
    ids=str,
)
def test_each_form_is_read_as_sam_reads_it(written: Any) -> None:
    assert parse_overrides(written) == CfnParameterOverridesType().convert(written, None, None)


@pytest.mark.parametrize(
    "written", ["file://parameters.yaml", "Architecture", ["MemorySize=1", "what"]], ids=str
)
def test_what_is_no_parameter_is_refused(written: Any) -> None:
    with pytest.raises(UserError, match="Name=value"):
        parse_overrides(written)

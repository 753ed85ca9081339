"""What a month costs: AWS's list prices with their dates, and the sums made of them."""

from __future__ import annotations

from dataclasses import dataclass

# List prices in US dollars, us-east-1, without free tiers and taxes. They change: look before you rely on them.
DATED = "2026-11"

# Where a price was last held against AWS's own figures, or against others' quotations of its page.
PRICE_LIST = "AWS's price list files of 2026-09, as others printed them"
AWS_PAGE = "AWS's whitepaper on private APIs, read in 2026-11"
QUOTED = "others' quotations of AWS's page in 2026, not the page itself"


@dataclass(frozen=True)
class Price:
    """A price in US dollars for one `unit`, from AWS's page `source`; `seen` says what it was compared with."""

    dollars: float
    unit: str
    source: str
    seen: str


_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
LAMBDA_REQUESTS = Price(0.20, "million requests", _LAMBDA, PRICE_LIST)
LAMBDA_X86 = Price(0.0000166667, "GB-second", _LAMBDA, PRICE_LIST)
LAMBDA_ARM = Price(0.0000133334, "GB-second", _LAMBDA, PRICE_LIST)
LAMBDA_READY = Price(0.0000041667, "GB-second kept ready, x86_64", _LAMBDA, PRICE_LIST)
LAMBDA_READY_ARM = Price(0.0000033334, "GB-second kept ready, arm64", _LAMBDA, PRICE_LIST)
SNAPSHOT_KEPT = Price(0.0000015046, "GB-second of a kept snapshot", _LAMBDA, PRICE_LIST)
SNAPSHOT_RESTORED = Price(0.0001397998, "GB restored", _LAMBDA, PRICE_LIST)
# The whitepaper: https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/
GATEWAY = Price(3.50, "million requests", "https://aws.amazon.com/api-gateway/pricing/", AWS_PAGE)
LOGS = Price(0.50, "GB of logs", _CLOUDWATCH, QUOTED)
METRIC = Price(0.30, "metric and month", _CLOUDWATCH, QUOTED)
TRACES = Price(5.00, "million traces recorded", "https://aws.amazon.com/xray/pricing/", QUOTED)
ALARM = Price(0.10, "alarm and month", _CLOUDWATCH, QUOTED)
SAGEMAKER = Price(0.00002, "GB-second", "https://aws.amazon.com/sagemaker/ai/pricing/", QUOTED)
FARGATE_CPU = Price(0.04048, "vCPU-hour", "https://aws.amazon.com/fargate/pricing/", QUOTED)
FARGATE_MEMORY = Price(0.004445, "GB-hour", "https://aws.amazon.com/fargate/pricing/", QUOTED)
BALANCER = Price(0.0225, "hour", "https://aws.amazon.com/elasticloadbalancing/pricing/", QUOTED)
PRICES = {
    "Lambda requests": LAMBDA_REQUESTS,
    "Lambda x86_64": LAMBDA_X86,
    "Lambda arm64": LAMBDA_ARM,
    "provisioned concurrency x86_64": LAMBDA_READY,
    "provisioned concurrency arm64": LAMBDA_READY_ARM,
    "snapshots kept": SNAPSHOT_KEPT,
    "snapshots restored": SNAPSHOT_RESTORED,
    "API Gateway REST": GATEWAY,
    "CloudWatch logs": LOGS,
    "CloudWatch metrics": METRIC,
    "CloudWatch alarms": ALARM,
    "X-Ray traces": TRACES,
    "SageMaker serverless": SAGEMAKER,
    "Fargate processor": FARGATE_CPU,
    "Fargate memory": FARGATE_MEMORY,
    "Application Load Balancer": BALANCER,
}

HOURS = 730
LOG_BYTES = 1_200  # the lines of one request, platform's own included, with metrics
# SageMaker's smallest serverless memory that holds scikit-learn with pandas and its own server.
SAGEMAKER_GB = 2
COLD_STARTS = 0.01  # of all requests: what a restored snapshot takes the place of
METRICS = 14  # four measures by function and by version, requests by some six outcomes
ALARMS = 5
METHODS = 24  # of the API, each with its detailed metrics
# Count, latency, the integration's latency, 4xx and 5xx of a method:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
METHOD_METRICS = 5
TRACED = 0.05  # of the requests beyond the first in each second, which is always traced

# Milliseconds of a request and of each row in it, one vCPU's share of 1,769 MB: docs/benchmarks.md measures them.
DURATION = {"native": (1.0, 0.01), "sklearn": (10.0, 0.05), "onnx": (1.0, 0.06)}


@dataclass(frozen=True)
class Bill:
    """One way to serve, what it costs a month in US dollars, and of what that is made."""

    way: str
    dollars: float
    parts: dict[str, float]


def provenance() -> dict[str, list[str]]:
    """The names of the prices by what they were compared with."""
    found: dict[str, list[str]] = {}
    for name, price in PRICES.items():
        found.setdefault(price.seen, []).append(name)
    return found


def milliseconds(engine: str, rows: int, memory: int) -> float:
    """Billed duration of a request with `rows` rows at `memory` MB, which buys processor time up to one vCPU.

    Source of the share: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    """
    fixed, each = DURATION[engine]
    slower = max(1.0, 1_769 / memory)
    return max(1.0, (fixed + each * rows) * slower)


def traces(requests: int) -> float:
    """Traces that X-Ray's default rule records in a month of `requests` requests that come steadily.

    Source of the rule: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
    """
    first = min(requests, HOURS * 3600)
    return first + TRACED * (requests - first)


def bills(requests: int, rows: int, memory: int, engine: str, architecture: str) -> list[Bill]:
    """A month of `requests` requests of `rows` rows: Skylayer's stack, SageMaker serverless, a container."""
    millions = requests / 1e6
    seconds = milliseconds(engine, rows, memory) / 1000 * requests
    lambda_price = LAMBDA_ARM if architecture == "arm64" else LAMBDA_X86
    stack = {
        "gateway": millions * GATEWAY.dollars,
        "function": millions * LAMBDA_REQUESTS.dollars + seconds * memory / 1024 * lambda_price.dollars,
        "logs": requests * LOG_BYTES / 1e9 * LOGS.dollars,
    }
    watched = {**stack, "metrics and alarms": METRICS * METRIC.dollars + ALARMS * ALARM.dollars}
    detailed = {**stack, "detailed metrics": METHODS * METHOD_METRICS * METRIC.dollars}
    traced = {**stack, "traces": traces(requests) / 1e6 * TRACES.dollars}
    arm = architecture == "arm64"
    month = HOURS * 3600 * memory / 1024
    ready = {**stack, "kept ready": month * (LAMBDA_READY_ARM if arm else LAMBDA_READY).dollars}
    restored = COLD_STARTS * requests * memory / 1024 * SNAPSHOT_RESTORED.dollars
    snapshot = {**stack, "snapshot": month * SNAPSHOT_KEPT.dollars + restored}
    endpoint_seconds = milliseconds("sklearn", rows, 1_769) / 1000 * requests
    endpoint = {"endpoint": endpoint_seconds * SAGEMAKER_GB * SAGEMAKER.dollars}
    container = {
        "0.25 vCPU, 0.5 GB": HOURS * (0.25 * FARGATE_CPU.dollars + 0.5 * FARGATE_MEMORY.dollars),
        "load balancer": HOURS * BALANCER.dollars,
    }
    named = {
        f"Skylayer, {engine} engine, {memory:,} MB": stack,
        "the same with Monitoring=true": watched,
        "the same with DetailedMetrics=true": detailed,
        "the same with Tracing=Active": traced,
        "the same with ProvisionedConcurrency=1": ready,
        "the same with SnapStart": snapshot,
        f"SageMaker serverless, {SAGEMAKER_GB} GB": endpoint,
        "Fargate, one container": container,
    }
    return [Bill(way, sum(parts.values()), parts) for way, parts in named.items()]

"""`bootstrap.py` with clocks, for the runs that split a cold start; headline figures come from the other.

Measures the moments at which a cold start passes from one part to the next, on the machine's monotonic clock,
and the time spent in imports wherever they happen (unpickling imports scikit-learn). An event with the key
`benchmark` is answered here: `{"benchmark": {"report": true}}` with the moments and the modules imported,
`{"benchmark": {"repeat": n, "event": {…}}}` with the seconds of n calls of the handler in a row.
"""

import time

started = time.monotonic()

import sys

sys.path[:0] = sys.argv[2:]
del sys.argv[2:]

from awslambdaric import __main__ as runtime_client
from awslambdaric import bootstrap

moments = {"started": started, "client": time.monotonic()}
importing = {"depth": 0, "seconds": 0.0}
handler_module = sys.argv[1].rpartition(".")[0]
# Every import that isn't in sys.modules yet passes through this function, whoever asks for it.
import_system = sys.modules["_frozen_importlib"]
find_and_load = import_system._find_and_load


def timed_find_and_load(name, import_):
    # The handler's own body isn't an import: what it does besides importing is loading its model.
    if importing["depth"] or name == handler_module:
        return find_and_load(name, import_)
    importing["depth"] += 1
    begun = time.monotonic()
    try:
        return find_and_load(name, import_)
    finally:
        importing["seconds"] += time.monotonic() - begun
        importing["depth"] -= 1


def timed_get_handler(name):
    moments["initialising"] = time.monotonic()
    handler = get_handler(name)
    moments["initialised"] = time.monotonic()
    moments["imports"] = importing["seconds"]

    def timed_handler(event, context):
        if "benchmark" in event:
            return command(event["benchmark"], handler, context)
        if "answered" in moments:
            return handler(event, context)
        moments["asked"] = time.monotonic()
        answer = handler(event, context)
        moments["answered"] = time.monotonic()
        moments["late_imports"] = importing["seconds"] - moments["imports"]
        return answer

    return timed_handler


def command(order, handler, context):
    if "repeat" not in order:
        modules = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
        return {"moments": moments, "modules": modules}
    event = order["event"]
    seconds = []
    for _ in range(order["repeat"]):
        begun = time.perf_counter()
        handler(event, context)
        seconds.append(time.perf_counter() - begun)
    return {"seconds": seconds}


get_handler = bootstrap._get_handler
bootstrap._get_handler = timed_get_handler
import_system._find_and_load = timed_find_and_load
runtime_client.main(sys.argv)

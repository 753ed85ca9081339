"""A server with threads, as the ASGI adapter starts them, and one engine for all of them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from fuzz import bodies


def test_threads_that_ask_at_once_each_get_their_own_answers() -> None:
    engine = bodies.engine("forest")

    def body(start: int) -> bytes:
        rows = [[start + row / 7, row % 300, row % 2 == 0, "x", "p"] for row in range(2000)]
        return json.dumps({"instances": rows}).encode()

    asked = [body(start) for start in range(30, 46)]
    alone = [engine.predict_json(one) for one in asked]
    assert None not in alone
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(engine.predict_json, asked * 10)) == alone * 10

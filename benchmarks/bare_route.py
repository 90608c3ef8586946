"""The peer of `checking`: the same question asked of PDQIndex behind a bare Flask route.

Served by gunicorn with the console's own settings, loaded once before the workers fork.
"""

import os

import numpy as np
from flask import Flask, Response, jsonify, request
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

app = Flask(__name__)
_values = np.load(os.environ["BENCHMARK_VALUES"])
_index = PDQIndex([(value.tobytes().hex(), number) for number, value in enumerate(_values)])


@app.post("/check")
def check() -> Response:
    """Whether anything is near to each fingerprint."""
    items = request.get_json()["items"]
    answers = [
        {"id": item["id"], "near": bool(_index.query(item["fingerprints"][0]["value"]))}
        for item in items
    ]
    return jsonify({"results": answers})

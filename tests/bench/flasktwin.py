#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GET /api/health as one writes it in Python: Flask served by waitress, from figures that are at hand.

    flasktwin.py FILE    the answer's content as JSON; prints its port
"""

import datetime
import json
import socket
import sys

import flask
import waitress

app = flask.Flask(__name__)
with open(sys.argv[1], encoding="utf-8") as file:
    health = json.load(file)


@app.get("/api/health")
def get_health():
    now = datetime.datetime.now(datetime.timezone.utc)
    return flask.jsonify({**health, "timestamp": now.isoformat()})


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
waitress.serve(app, sockets=[listener], threads=4, _quiet=True)

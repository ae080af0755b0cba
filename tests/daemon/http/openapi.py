#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interface's own description is true: each example in /api/openapi.yaml is sent to a server, and
the answer has the status, type and shape that are promised. docs/rest.md lists the same routes. With
--write the examples' answers in data/api are written anew from what the server says."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import tap

ROOT = pathlib.Path(os.environ.get("CAMWARDEN_SOURCE_ROOT", "."))
BUILD = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"])
ENDLESS = ("multipart/x-mixed-replace", "text/event-stream")
TOKEN = "admin-0123456789abcdef"


class Server:
    def __enter__(self):
        self.tokens = BUILD / "tests/daemon/http/openapi.tokens"
        self.tokens.write_text(f"admin {TOKEN}\n")
        self.tokens.chmod(0o600)
        self.process = subprocess.Popen(
            [str(BUILD / "tests/daemon/http/fakeapi"), str(self.tokens)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip().rstrip("/")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.tokens.unlink()

    def request(self, method, path, body=None, accept="*/*"):
        """Status, content type, and text; of an endless answer its beginning."""
        headers = {"Accept": accept, "Authorization": f"Bearer {TOKEN}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        try:
            answer = urllib.request.urlopen(asked, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            kind = answer.headers.get_content_type()
            data = answer.read(64) if kind in ENDLESS else answer.read()
            return answer.status, kind, data.decode(errors="replace")

    def document(self):
        status, kind, text = self.request("GET", "/api/openapi.yaml")
        tap.equal((status, kind), (200, "application/yaml"))
        return yaml.safe_load(text)


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def example_request(path, operation):
    """The path with the examples of its parameters, and the body."""
    query = {}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", parameter["example"])
        elif "example" in parameter:
            query[parameter["name"]] = parameter["example"]
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("example")
    return path + ("?" + urllib.parse.urlencode(query) if query else ""), body


def promised(operation):
    """Status, content type, schema (None: no JSON)."""
    (status, response), = ((status, response) for status, response in operation["responses"].items()
                           if status != "default")
    (kind, media), = response["content"].items()
    return int(status), kind, media.get("schema")


TYPES = {"string": str, "boolean": bool, "number": (int, float), "object": dict, "array": list,
         "null": type(None)}


def is_of(value, kind):
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def differences(schema, value, where="answer"):
    """What of the value the schema does not promise, and the other way round."""
    kinds = schema.get("type")
    if not kinds or value is None:
        return []
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(is_of(value, kind) for kind in kinds):
        return [f"{where} is {value!r}, not {kinds}"]
    if isinstance(value, list):
        return [one for index, item in enumerate(value)
                for one in differences(schema.get("items", {}), item, f"{where}[{index}]")]
    if not isinstance(value, dict):
        return []
    if "additionalProperties" in schema:
        return [one for name, item in value.items()
                for one in differences(schema["additionalProperties"], item, f"{where}.{name}")]
    found = [f"{where}.{name} is missing" for name in schema["required"] if name not in value]
    found += [f"{where}.{name} is not documented" for name in value
              if name not in schema["properties"]]
    for name, part in schema["properties"].items():
        if name in value:
            found += differences(part, value[name], f"{where}.{name}")
    return found


def check(server, method, path, operation):
    status, kind, schema = promised(operation)
    asked, body = example_request(path, operation)
    answer = server.request(method, asked, body)
    if answer[:2] != (status, kind):
        return [f"{answer[:2]} {answer[2][:300]}, promised {status} {kind}"]
    if not kind.endswith("json"):
        return [] if answer[2] else ["an empty answer"]
    if schema is None:
        return [f"data/api/{operation['operationId']}.json is missing"]
    return differences(schema, json.loads(answer[2]))


def test_examples():
    wrong = []
    with Server() as server:
        found = list(operations(server.document()))
        for method, path, operation in found:
            if operation["operationId"] == "getDrawing" and not shutil.which("dot"):
                tap.diagnose("no Graphviz: graph.svg is not asked for")
                continue
            wrong += [f"{method} {path}: {one}" for one in check(server, method, path, operation)]
    tap.diagnose(f"{len(found)} examples")
    assert len(found) >= 30
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_check_can_fail():
    schema = {"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": ["number", "null"]}, "b": {"type": "array", "items": {"type": ["string"]}}}}
    tap.equal(differences(schema, {"a": 1, "b": ["x"]}), [])
    for value in ({"a": 1}, {"a": "1", "b": []}, {"a": 1, "b": [2]}, {"a": 1, "b": [], "c": 1}, [],
                  {"a": True, "b": []}):
        assert differences(schema, value), value


def test_every_operation_is_described():
    with Server() as server:
        document = server.document()
    tap.equal(document["openapi"], "3.1.0")
    names = [operation["operationId"] for _, _, operation in operations(document)]
    tap.equal(len(names), len(set(names)), "names that are there once")
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["x-role"] in ("none", "read", "control", "admin"), path
        assert operation["x-role"] != "read" or method == "GET" or path == "/api/ticket", path
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        tap.equal(named, set(re.findall(r"{(\w+)}", path)), path)
    files = {path.stem for path in (ROOT / "data/api").glob("*.json")}
    tap.equal(files - set(names), set(), "answers that belong to no route")


ROW = re.compile(r"^\| (GET|POST) `([^`?]+)` \| (none|read|control|admin) \|", re.M)


def test_the_page_lists_the_same_routes():
    page = set(ROW.findall((ROOT / "docs/rest.md").read_text(encoding="utf-8")))
    with Server() as server:
        table = {(method, re.sub(r"{(\w+)}", lambda name: name.group(1).upper(), path),
                  operation["x-role"])
                 for method, path, operation in operations(server.document())}
    tap.equal(page - table, set(), "in docs/rest.md alone")
    tap.equal(table - page, set(), "not in docs/rest.md")


def test_metrics_are_good_prometheus():
    promtool = shutil.which("promtool")
    if not promtool:
        raise tap.Skip("promtool is not installed")
    with Server() as server:
        status, kind, text = server.request("GET", "/metrics")
    tap.equal((status, kind), (200, "text/plain"))
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    for name, value in {
            'camwarden_frames_total{camera="front"}': 1000,
            'camwarden_frames_dropped_total{camera="front",sink="redis",reason="queue"}': 2,
            'camwarden_frame_age_seconds_bucket{camera="front",le="0.01"}': 0,
            'camwarden_frame_age_seconds_bucket{camera="front",le="0.025"}': 60,
            'camwarden_frame_age_seconds_bucket{camera="front",le="+Inf"}': 60,
            'camwarden_frame_age_seconds_sum{camera="front"}': 1.26,
            'camwarden_cures_total{camera="front",tier="source"}': 1,
            'camwarden_faults_total{camera="front",code="stall"}': 1,
            'camwarden_store_bytes{camera="front"}': 12345678,
            'camwarden_camera_availability_ratio{camera="front",window="24h"}': 1,
            'camwarden_redis_rtt_seconds': 0.00018,
            'camwarden_temperature_celsius': 51.5}.items():
        tap.equal(float(values[name]), value, name)


def write_answers():
    with Server() as server:
        for method, path, operation in operations(server.document()):
            status, kind, _ = promised(operation)
            asked, body = example_request(path, operation)
            if not kind.endswith("json"):
                continue
            answer = server.request(method, asked, body)
            tap.equal(answer[:2], (status, kind), path)
            text = json.dumps(json.loads(answer[2]), indent=2, ensure_ascii=False)
            (ROOT / f"data/api/{operation['operationId']}.json").write_text(text + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write_answers()
    else:
        tap.main(globals())

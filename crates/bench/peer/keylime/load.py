"""Clients that enrol agents with the registrar, each in a process of its own."""

import base64
import hmac
import http.client
import json
import multiprocessing
import time
import traceback
import uuid

API = "/v2.6/agents"
HEADERS = {"Content-Type": "application/json"}
SETTLE = 0.1


def enrol(port, agent):
    name = str(uuid.uuid4())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        answer = call(connection, "POST", f"{API}/{name}", agent.body)
        challenge = agent.activate(base64.b64decode(answer["results"]["blob"]))
        # The key is the text of the challenge, not its bytes.
        tag = hmac.new(base64.b64encode(challenge), name.encode(), "sha384").hexdigest()
        call(connection, "PUT", f"{API}/{name}/activate", {"auth_tag": tag})
    finally:
        connection.close()


def call(connection, method, path, body):
    connection.request(method, path, json.dumps(body), HEADERS)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path} was answered with {answer.status}: {text[:500]!r}")
    return json.loads(text)


def client(port, agents, start, results):
    try:
        start.wait()
        began, samples = time.monotonic(), []
        for agent in agents:
            before = time.monotonic()
            enrol(port, agent)
            samples.append(time.monotonic() - before)
        results.put((began, time.monotonic(), samples, None))
    except BaseException:
        results.put((0, 0, [], traceback.format_exc()))


def run(server, agents, count, clients):
    """Enrols `count` times with so many clients at once; the figures."""
    # Children inherit keys and bodies; nothing is parsed while the clock runs.
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(clients + 1), fork.Queue()
    jobs = [agents[place % len(agents)] for place in range(count)]
    processes = [
        fork.Process(target=client, args=(server.port, jobs[place::clients], start, results), daemon=True)
        for place in range(clients)
    ]
    for process in processes:
        process.start()
    cpu = server.cpu_seconds()
    start.wait(60)
    done = [results.get() for _ in processes]
    time.sleep(SETTLE)
    cpu = server.cpu_seconds() - cpu
    for process in processes:
        process.join()
    failures = [failure for *_, failure in done if failure]
    if failures:
        raise SystemExit(f"an enrolment failed:\n{failures[0]}")
    samples = sorted(sample for _, _, part, _ in done for sample in part)
    wall = max(end for _, end, _, _ in done) - min(began for began, *_ in done)
    return {
        "clients": clients,
        "ceremonies": len(samples),
        "per_second": len(samples) / wall,
        "p50_ms": percentile(samples, 50) * 1e3,
        "p99_ms": percentile(samples, 99) * 1e3,
        "server_cpu_ms": cpu / len(samples) * 1e3,
    }


def percentile(ordered, percent):
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]

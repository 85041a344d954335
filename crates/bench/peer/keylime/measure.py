"""Measures the server CPU that Keylime's registrar spends on an enrolment.

One enrolment is what an agent does: a new TCP connection, POST of its keys, opening the challenge, PUT of the proof.
The registrar runs with Keylime's default configuration on loopback, in a folder of its own, with SQLite, and is
stopped at the end whatever happens.
"""

import argparse
import json
import pathlib
import signal
import sys

sys.dont_write_bytecode = True  # this folder belongs to a repository

import agents
import load
import registrar


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for configuration and data")
    parser.add_argument("--templates", type=pathlib.Path, required=True, help="Keylime's configuration templates")
    parser.add_argument("--report", type=pathlib.Path, required=True, help="where to write the figures as JSON")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--enrolments", type=int, default=400, help="of each kind of key")
    arguments = parser.parse_args()

    # So that the registrar is stopped when this program is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    figures = []
    with registrar.running(arguments.folder, arguments.templates) as server:
        for kind in agents.KINDS:
            print(f"Enrolling with {kind}, {arguments.clients} at a time …", flush=True)
            machines = agents.make(kind, 40)
            load.run(server, machines, 2 * arguments.clients, arguments.clients)
            figures.append({"key": kind, **load.run(server, machines, arguments.enrolments, arguments.clients)})
    arguments.report.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

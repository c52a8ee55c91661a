"""kcat and this repository's programs for scripts/compat-clients, which says what is asked of a probe: tools.py kcat|workshop ..."""
import json
import os
import subprocess
import sys

from probe import answer, jobs

TOOL, WHAT, BROKERS = sys.argv[1:4]
BIN = os.path.join(os.path.dirname(__file__), "..", "..", "bin", "")


def run(*command, given="", **env):
    env = {**os.environ, "BOOTSTRAP_SERVERS": BROKERS, **env}
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, env=env)
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout).strip().splitlines()[-1])
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def one_by_kcat(topic, record, *options):
    """With -Z what is empty is null."""
    key = [] if record["key"] is None else ["-K", ":"]
    headers = [word for k, v in record["headers"] for word in ("-H", k if v is None else f"{k}={v}")]
    line = (f"{record['key']}:" if key else "") + (record["value"] or "") + "\n"
    run("kcat", "-P", "-b", BROKERS, "-t", topic, *key, *headers, *(["-Z"] if record["value"] is None else []), *options, given=line)


def send_kcat(job):
    topic, records = job["topic"], job["records"]
    if job["transaction"] == "abort":
        raise RuntimeError("not offered")
    options = ["-z", job["codec"], *(["-X", f"transactional.id={topic}"] if job["transaction"] else [])]
    if len(records) < 10:
        for record in records:
            one_by_kcat(topic, record, *options)
        return {"partitions": []}
    lines = "".join(f"{r['key']}:{r['value']}\n" for r in records)
    run("kcat", "-P", "-b", BROKERS, "-t", topic, "-K", ":", *options, given=lines)
    where = {m["key"]: m["partition"] for m in run("kcat", "-C", "-b", BROKERS, "-t", topic, "-J", "-e", "-q", "-o", "beginning")}
    return {"partitions": [where[r["key"]] for r in records]}


def send_workshop(job):
    topic, records, sent = job["topic"], job["records"], []
    if job["transaction"]:
        raise RuntimeError("not offered")
    if job["codec"] != "none":  # the producer's messages are its own: their number counts, and the end
        run(BIN + "producer", TOPIC=topic, COUNT=str(len(records) - 1), PACE="0", COMPRESSION=job["codec"], PUBLISHER="batch")
        records = records[-1:]
    for several in [records] if len(records) > 10 else [[r] for r in records]:
        if several[0]["value"] is None or any(v is None for _, v in several[0]["headers"]):
            raise RuntimeError("not offered")
        key = [] if several[0]["key"] is None else ["--key-separator", ":"]
        lines = "".join((f"{r['key']}:" if key else "") + r["value"] + "\n" for r in several)
        headers = [word for k, v in several[0]["headers"] for word in ("--header", f"{k}={v}")]
        sent += run(BIN + "workshop", "produce", topic, "-o", "json", *key, *headers, given=lines)
    return {"partitions": [m["partition"] for m in sent]}


def read_kcat(job):
    options = ["-X", "isolation.level=read_committed"] if job["committed"] else []
    messages = run("kcat", "-C", "-b", BROKERS, "-t", job["topic"], "-J", "-e", "-q", "-o", "beginning", *options)
    return {"records": [{"key": m["key"], "value": m["payload"], "headers": pairs(m.get("headers", []))} for m in messages]}


def pairs(flat):
    return [[k, v] for k, v in zip(flat[::2], flat[1::2])]


def read_workshop(job):
    messages = run(BIN + "workshop", "consume", job["topic"], "--from-beginning", "--to-end", "-o", "json")
    for m in messages:
        m["headers"] = [[h["key"], h["value"]] for h in m.get("headers") or []]
    return {"records": messages}


def member(topic, group, strategy):
    if TOOL == "kcat":
        chosen = [] if strategy == "-" else ["-X", f"partition.assignment.strategy={strategy}"]
        command = ["kcat", "-b", BROKERS, "-G", group, "-X", "client.id=kcat", "-X", "auto.offset.reset=earliest",
                   "-X", "auto.commit.interval.ms=500", *chosen, topic]
    else:
        command = [BIN + "consumer"]
        os.environ.update(BOOTSTRAP_SERVERS=BROKERS, TOPIC=topic, CONSUMER_GROUP=group, DEAD_LETTER_TOPIC="dlq", WORKSHOP_LANG="en",
                          **({} if strategy == "-" else {"GROUP_STRATEGY": strategy}))
    os.execvp(command[0], command)


if WHAT == "member":
    member(*sys.argv[4:])
for job in jobs():
    answer(globals()[f"{WHAT}_{TOOL}"], job)

"""judge.py FOLDER [TOPICS]: says in JSON what became of the messages of a run of faults.

FOLDER has what the programs were told and have shown, and evidence.json, which names the files and the topics. These are
read from the brokers with read_committed, or from the file TOPICS: a record a line. Exit code 1: something is wrong.

It shares nothing with the judges in Go: neither their code, nor their client, nor their way to look.
"""
import json
import os
import sys

import boards
import orders
import topics
import transactions

folder = sys.argv[1]
with open(os.path.join(folder, "evidence.json"), encoding="utf-8") as f:
    evidence = json.load(f)
read = topics.from_file(sys.argv[2]) if len(sys.argv) > 2 else topics.from_brokers(evidence["brokers"])

verdict = {
    "transactions": transactions.judge(folder, evidence, read),
    "scores": boards.judge(folder, evidence, read),
}
if evidence["shop"]:
    verdict["orders"] = orders.judge(folder, evidence, read)
clean = all(not part["wrong"] for part in verdict.values())
json.dump({"clean": clean, **verdict}, sys.stdout, indent=1)
print()
sys.exit(0 if clean else 1)

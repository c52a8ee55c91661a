"""The producers' messages, from their histories to the topic, and from there to the consumers' screens."""
import collections
import json
import os

from topics import history, lines


def judge(folder, evidence, read):
    acknowledged = {}  # place: (session, key, number)
    open_sends = {}  # (session, operation): (key, number)
    lost = duplicated = disordered = spurious = unread = unknown_reads = repeated = 0
    for name in evidence["producers"]:
        for step in history(os.path.join(folder, name)):
            if step["step"] != "send":
                continue
            operation = step["session"], step["op"]
            message = step.get("stream", ""), step.get("number", 0)
            if step["phase"] == "intent":
                open_sends[operation] = message
            elif step["phase"] == "ok":
                open_sends.pop(operation, None)
                place = step["partition"], step["offset"]
                duplicated += place in acknowledged  # one place for two messages
                acknowledged[place] = (step["session"], *message)
            elif step["phase"] == "fail":
                open_sends.pop(operation, None)
    unanswered = collections.Counter(open_sends.values())

    # What was acknowledged is at its place; of the rest each is somebody's who had no answer, and no copy.
    times = collections.Counter()  # of a record's own id
    highest = {}  # (session, key, partition): number
    homes = collections.defaultdict(set)  # (session, key): partitions
    found = records = 0
    for partition, offset, key, value in read(evidence["transactions"]):
        records += 1
        transaction = json.loads(value)
        number, identity = transaction["id_sequencia"], transaction["id_transacao"]
        times[identity] += 1
        told = acknowledged.get((partition, offset))
        if told is not None and told[1:] == (key, number):
            found += 1
            lane = told[0], key, partition
            disordered += number <= highest.get(lane, 0)
            highest[lane] = max(number, highest.get(lane, 0))
            homes[told[0], key].add(partition)
        elif times[identity] > 1:
            continue
        elif unanswered[key, number] > 0:
            unanswered[key, number] -= 1
        else:
            spurious += 1
    lost = len(acknowledged) - found
    duplicated += sum(n - 1 for n in times.values())
    disordered += sum(len(partitions) - 1 for partitions in homes.values())

    shown = collections.Counter()
    for name in evidence["consumers"]:
        for line in lines(os.path.join(folder, name)):
            if line.startswith("{"):
                identity = json.loads(line)["id_transacao"]
                if identity in times:
                    shown[identity] += 1
                else:
                    unknown_reads += 1
    unread = len(times) - len(shown)
    repeated = sum(shown.values()) - len(shown)
    return {
        "acknowledged": len(acknowledged),
        "records": records,
        "lost": lost,
        "duplicated": duplicated,
        "outOfOrder": disordered,
        "spurious": spurious,
        "notConsumed": unread,
        "consumedAndNotThere": unknown_reads,
        "consumedAgain": repeated,
        "wrong": lost + duplicated + disordered + spurious + unread + unknown_reads,
    }

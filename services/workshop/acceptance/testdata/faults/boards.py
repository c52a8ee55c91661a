"""The simulators' events, from their histories to the topic, and from there to the boards: screens and BOARD_TOPIC."""
import collections
import json
import os
import re

from topics import history, lines

# What each DELIVERY promises. The screen of exactly-once is outside of its transactions.
ALL, ONCE = {"auto", "at-least-once"}, {"at-most-once", "exactly-once"}

HEADER = re.compile(r"partida (\S+)$")
SCORE = re.compile(r" *(\d+) - (\d+)$")


def acknowledged(folder, names):
    """The events that a simulator was told are there; one in a transaction when its commit was answered."""
    told, sends, commits = set(), [], set()
    for name in names:
        for step in history(os.path.join(folder, name)):
            transaction = step["session"], step.get("transaction", 0)
            if step["step"] == "send" and step["phase"] == "ok":
                sends.append((transaction, (step["stream"], step["number"])))
            elif step["step"] == "commit" and step["phase"] == "ok":
                commits.add(transaction)
    for transaction, event in sends:
        if transaction[1] == 0 or transaction in commits:
            told.add(event)
    return told


def screen(path):
    """The events of one life of a board: (match, score), with None for a match's end."""
    match = ""
    for line in lines(path):
        if m := HEADER.match(line):
            match = m[1]
        elif m := SCORE.match(line):
            yield match, (int(m[1]), int(m[2]))
        elif line.startswith("Partida finalizada!"):
            yield match, None


def judge(folder, evidence, read):
    told = acknowledged(folder, evidence["simulators"])
    at, known = {}, {}  # offset: event; what a screen shows: event
    times, last = collections.Counter(), {}
    disordered = ghosts = 0
    for _, offset, _, value in read(evidence["scores"]):
        e = json.loads(value)
        match, number, score = e["match"], e["id"], (e["score"]["TeamA"], e["score"]["TeamB"])
        event = match, number
        times[event] += 1
        before = last.get(match, (0, (0, 0)))
        disordered += number != before[0] + 1
        # A goal that was aborted is the other team's: the scores would not follow from one another.
        added = score[0] - before[1][0] + score[1] - before[1][1]
        ghosts += added != (1 if e["event"] == "goal" else 0)
        last[match] = number, score
        at[offset] = event, score
        known[match, score if e["event"] == "goal" else None] = event
    lost = len(told - set(times))
    duplicated = sum(n - 1 for n in times.values())
    wrong = lost + duplicated + disordered + ghosts

    boards = {}
    for delivery, names in evidence["boards"].items():
        shown, strange = collections.Counter(), 0
        for name in names:
            for line in screen(os.path.join(folder, name)):
                if line in known:
                    shown[known[line]] += 1
                else:
                    strange += 1
        missing = len(times) - len(shown)
        repeated = sum(shown.values()) - len(shown)
        boards[delivery] = {"notShown": missing, "shownAgain": repeated, "shownAndNoEvent": strange}
        wrong += strange + (missing if delivery in ALL else 0) + (repeated if delivery in ONCE else 0)

    sources, behind, bad = collections.Counter(), -1, 0
    for _, _, _, value in read(evidence["board"]):
        r = json.loads(value)
        source = r["source"]["offset"]
        sources[source] += 1
        bad += source <= behind
        behind = max(source, behind)
        bad += at.get(source) != ((r["match"], r["id"]), (r["tally"]["TeamA"], r["tally"]["TeamB"]))
    topic = {
        "records": sum(sources.values()),
        "missing": len(set(at) - set(sources)),
        "repeated": sum(n - 1 for n in sources.values()),
        "outOfOrderOrWrong": bad,
        "notCommitted": sum(source >= evidence["committed"] for source in sources),
    }
    wrong += topic["missing"] + topic["repeated"] + topic["outOfOrderOrWrong"] + topic["notCommitted"]
    return {
        "acknowledged": len(told),
        "records": sum(times.values()),
        "lost": lost,
        "duplicated": duplicated,
        "outOfOrder": disordered,
        "ghosts": ghosts,
        "boards": boards,
        "boardTopic": topic,
        "wrong": wrong,
    }

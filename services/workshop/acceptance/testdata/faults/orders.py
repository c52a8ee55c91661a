"""The shop's orders, from its clients to the decisions, the mail boxes and the reports."""
import collections
import decimal
import json
import os

SUSPICIOUS = decimal.Decimal(4500)


def judge(folder, evidence, read):
    with open(os.path.join(folder, evidence["accounts"]), encoding="utf-8") as f:
        accounts = {a["uuid"]: a for a in json.load(f)}
    with open(os.path.join(folder, evidence["mails"]), encoding="utf-8") as f:
        mails = json.load(f)
    accepted = {uuid for uuid, a in accounts.items() if a["new"] + a["old"] > 0}

    def records(topic):
        for _, _, _, value in read(evidence["shop"] + topic):
            envelope = json.loads(value, parse_float=decimal.Decimal, parse_int=decimal.Decimal)
            yield envelope["payload"], envelope["correlationId"]["id"].split("-_")[0]

    # Each is accepted once: what was published again has the same first hop.
    hops = collections.defaultdict(set)
    for order, hop in records("ECOMMERCE_NEW_ORDER"):
        hops[order["orderId"]].add(hop)
    decisions, wrongly = collections.Counter(), 0
    for topic, rejects in (("ECOMMERCE_ORDER_APPROVED", False), ("ECOMMERCE_ORDER_REJECTED", True)):
        for order, _ in records(topic):
            uuid, told = order["orderId"], accounts.get(order["orderId"])
            decisions[uuid] += 1
            wrongly += (
                told is None
                or order["amount"] != decimal.Decimal(told["amount"])
                or order["email"] != told["email"]
                or (order["amount"] >= SUSPICIOUS) != rejects
            )
    letters = collections.defaultdict(set)
    for mail in mails:
        letters[mail["to"]].add(mail["messageId"])
    result = {
        "accepted": len(accepted),
        "lost": len(accepted - set(hops)),
        "acceptedTwice": sum(len(h) - 1 for h in hops.values()) + sum(max(0, a["new"] - 1) for a in accounts.values()),
        "unknown": len(set(hops) - set(accounts)),
        "undecided": len(accepted - set(decisions)),
        "decidedTwice": sum(n - 1 for n in decisions.values()),
        "decidedWrongly": wrongly,
        "withoutMail": sum(accounts[uuid]["email"] not in letters for uuid in accepted),
        "withTwoMails": sum(len(ids) - 1 for ids in letters.values()),
        "reportsMissing": len(accepted) - evidence["reports"],
    }
    return {**result, "wrong": sum(abs(n) for what, n in result.items() if what != "accepted")}

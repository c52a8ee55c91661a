"""docs/clients.md, from what scripts/compat-clients has measured. Nothing is known here that the run has not seen."""
import datetime, re

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
ODD = {"null key": "null key", "empty key": "empty key", "null value": "null value", "empty value": "empty value",
       "repeated header": "repeated header", "null header": "header with a null value"}


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in line) + " |\n" for line in lines) + "\n"


def short(text):
    """The kernel of an error: its last line, without times, addresses and what stands before the error's own words."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    telling = [line for line in lines if re.search("inconsistent|error|exception|not offered", line, re.I)] or lines or ["nothing"]
    line = next((t for t in telling if re.search("inconsistent|incompatible", t, re.I)), telling[-1])
    found = re.search(r'"message":"([^"]+)"|err(?:or)?="([^"]+)"|str="([^"]+)"', line)
    line = next(g for g in found.groups() if g) if found else line
    line = re.sub(r"^RuntimeError: |^% ERROR: |^\[.*?\] (?:ERROR|WARN) \S+ - \[[^]]*\] |^(\w+: )(?=\1)", "", line.strip())
    return line if len(line) <= 110 else line[:107] + "..."


def code(text):
    return "–" if "not offered" in text else "`" + text.replace("`", "'") + "`"


def seen(records, sent):
    """How each of the odd messages that were sent was read: name → what differs, or nothing."""
    found = {}
    for name in (name for name in ODD if "error" not in sent[name]):
        got = next((r for r in records if name in (r["key"], r["value"])), None)
        if got is None:
            found[name] = "not there"
            continue
        want = {"null key": ("key", None), "empty key": ("key", ""), "null value": ("value", None), "empty value": ("value", "")}
        if name in want:
            field, value = want[name]
            found[name] = "" if got[field] == value else {None: "null", "": "empty"}.get(got[field], "other")
        else:
            values = [v for k, v in got["headers"] if k == "h"]
            right = ["1", "2"] if name == "repeated header" else [None]
            found[name] = "" if values == right else ", ".join({None: "null", "": "empty"}.get(v, v) for v in values) or "none"
    return found


def reading(results, clients):
    rows = []
    for reader in clients:
        cells = []
        for writer in clients:
            answer = results["read"][reader].get(f"{writer} odd", {"error": "nothing sent"})
            if "error" in answer:
                cells.append(code(short(answer["error"])))
                continue
            cells.append("; ".join(f"{ODD[n]}: {d}" for n, d in seen(answer["records"], results["sent"][writer]).items() if d) or "all")
        rows.append([f"**{reader}**", *cells])
    def unsent(sent):
        return "; ".join(f"{ODD[n]}: {code(short(sent[n]['error']))}" for n in ODD if "error" in sent[n])

    return table(["reads ↓, sent by →", *clients], [*rows, ["cannot send", *[unsent(results["sent"][w]) for w in clients]]])


def codecs(results, clients):
    rows = []
    for client in clients:
        sends = {c: results["sent"][client][c] for c in CODECS}
        read = {c: {w: results["read"][client][f"{w} {c}"] for w in clients if "error" not in results["sent"][w][c]} for c in CODECS}
        for what, cells in (("sends", [code(short(a["error"])) if "error" in a else "yes" for a in sends.values()]),
                            ("reads", [whose(answers) for answers in read.values()])):
            rows.append([f"**{client}** {what}", *cells])
    return table(["", *CODECS], rows)


def whose(answers):
    """Of all writers, or what happens and with whom."""
    good = [w for w, a in answers.items() if "error" not in a and len(a["records"]) == 21]
    bad = {w: short(a["error"]) if "error" in a else f"{len(a['records'])} of 21 messages" for w, a in answers.items() if w not in good}
    if not bad:
        return "yes"
    reasons = " / ".join(code(reason) for reason in sorted(set(bad.values())))
    return reasons if not good else f"from {', '.join(bad)}: {reasons}"


def transactions(results, clients):
    rows = []
    writers = [w for w in clients if f"{w} transactions" in results["read"][w]]
    for client in clients:
        sent = [results["sent"][client][k] for k in ("commit", "abort")]
        def values(committed):
            answers = [results["read"][client][f"{w} transactions{committed}"] for w in writers]
            return [code(short(a["error"])) if "error" in a else " ".join(r["value"] for r in a["records"][:-1]) for a in answers]
        rows.append([f"**{client}**", *["yes" if "error" not in a else code(short(a["error"])) for a in sent],
                     *["; ".join(sorted(set(values(c)))) for c in ("", " committed")]])
    return table(["", "commits", "aborts", "reads, by its defaults", "reads with read_committed"], rows)


def keys(results, clients):
    def cell(n):
        return f"{n} of 60" if isinstance(n, int) else code(short(n))
    return table(["", "3 partitions", "4 partitions", "6 partitions"],
                 [[f"**{c}**", *[cell(results["keys"][c][n]) for n in ("3", "4", "6")]] for c in clients])


def groups(results, clients):
    rows = []
    for a in clients:
        cells = []
        for b in clients:
            if a == b:
                cells.append("(" + (results["alone"][a]["strategy"] or "none") + ")")
                continue
            pair = results["pairs"][f"{b} {a}"]
            cells.append("**refused**" if pair["refused"] else pair["strategy"] + twice(pair))
        rows.append([f"**{a}**", *cells])
    return table(["joins ↓, a group of →", *clients], rows)


def twice(group):
    return f"; partitions {group['twice']} twice" if group["twice"] else ""


def strategies(results, clients):
    rows = []
    for strategy, group in results["strategies"].items():
        rows.append([f"**{strategy}**", *[
            "in it" + twice(group) if c in group["in"] else code(short(group["refused"][c]["said"])) for c in clients]])
    return table(["", *clients], rows)


def refusals(results, clients):
    rows = []
    for client in clients:
        found = [r["refused"][client] for r in results["pairs"].values() if client in r["refused"]]
        if found:
            rows.append([f"**{client}**", code(short(found[0]["said"])), found[0]["how"]])
    return table(["", "says on standard error", "and then"], rows)


def commits(results, clients):
    end, rows = results["commits"]["end"], []
    for client in clients:
        c = results["commits"]["by"][client]
        cells = ["nothing", "", "", ""] if c is None else [
            c["offset"], end - c["offset"], "none" if c["epoch"] in (None, -1) else c["epoch"],
            code(c["metadata"]) if c["metadata"] else "none"]
        rows.append([f"**{client}**", *cells])
    return table(["", "commits offset", f"LAG (the log ends at {end})", "leader epoch", "metadata"], rows)


def brokers(all_results, clients):
    def cell(results, client):
        kinds = [k for k in ("end", "none", "commit") if any("error" not in r["sent"][client][k] for r in all_results.values())]
        wrong = {k: a for k, a in results["sent"][client].items() if k in kinds and "error" in a}
        wrong |= {"reads " + k.split()[1]: a for k, a in results["read"][client].items() if k == f"{client} none" and "error" in a}
        texts = [f"{what}: {code(short(a['error']))}" for what, a in wrong.items()]
        if not results["alone"][client]["in"]:
            texts.append("group: " + code(short(results["alone"][client]["refused"][client]["said"])))
        return "; ".join(texts) or "yes"
    return table(["", *all_results], [[f"**{c}**", *[cell(r, c) for r in all_results.values()]] for c in clients])


def page(all_results, versions, missing):
    clients, results = list(versions), next(iter(all_results.values()))
    first = next(iter(all_results))
    absent = "".join(f"* {name} is not installed: `{how}`\n" for name, how in missing.items()) + ("\n" if missing else "")
    return f"""# Clients beside each other

*[Português](pt-BR/clients.md)*

Made by `scripts/compat-clients` on {datetime.date.today()}, from what each client did; the next run overwrites it. Clusters:
{"; ".join(all_results)}. All but the last table are from {first}, on one broker.

{table(["client", "version"], versions.items())}\
{absent}What each is, and how to run it: [labs/clients](../labs/clients/README.en.md). `workshop` is this repository's own: `workshop produce`
and `consume`, the `producer` for codecs, the `consumer` in groups. Python's clients are as `pip install -r requirements.txt` leaves them,
without the codecs' optional libraries. `–` in place of a result: the client offers no such thing, or its probe in `scripts/compat`
knows of none, and it was not tried.

## Who reads whom

Six messages: {", ".join(ODD.values())}.
A cell lists what is read differently from what was sent.

{reading(results, clients)}\
## Compression

A batch of 21 messages with each codec; a reader reads those of all writers.

{codecs(results, clients)}\
## Transactions

A topic with the message `committed`, whose transaction was committed, and the message `aborted`, whose transaction was aborted.

{transactions(results, clients)}\
## Where a key goes

How many of 60 keys are on the partition that Java's murmur2 gives, with each client's default partitioner.

{keys(results, clients)}\
## Groups

One joins a group of another, both with their defaults: the strategy that they come to, or `refused`. In brackets the strategy of a group
of its own.

{groups(results, clients)}\
What a refused member says, and does:

{refusals(results, clients)}\
One group of all, each set to one strategy:

{strategies(results, clients)}\
## Commits, and LAG

Each reads three transactions of a message each, and commits by itself. The leader's epoch is 0. LAG is what `kafka-consumer-groups.sh`
shows: the log's end less the committed offset.

{commits(results, clients)}\
## Brokers

Sends, reads, commits a transaction, and joins a group of its own: `yes`, or what does not work. What works on none of them is in the tables
above.

{brokers(all_results, clients)}""".rstrip() + "\n"
